/** A process of the node under a test's eyes. */

import type { WaitOptions } from "../../node/index.ts";
import { runScript, Script } from "../../otp/index.ts";
import { atom, Pid, type Term } from "../../term/index.ts";
import type { Kept } from "../keeper.ts";
import { nodeOf, owned, type Target } from "../target.ts";
import type { TermPattern } from "../terms/term-pattern.ts";
import type { WaitForOptions } from "../wait/wait.ts";
import type { CrashOutcome } from "./crash-outcome.ts";
import { type CrashOptions, type CrashWay, crash } from "./probe-crash.ts";
import { probeIdle } from "./probe-idle.ts";
import { type NextState, type ReplaceStateOptions, replaceState } from "./probe-replace.ts";
import { findKin, type Restarted, untilRestarted } from "./probe-restart.ts";
import { WHEREIS } from "./probe-source.ts";
import { probeState } from "./probe-state.ts";
import { addressOf, gone, type ProcessName } from "./process-name.ts";

const FIND: Script = new Script({
  name: "probe_find",
  bindings: ["Who"],
  source: `${WHEREIS}\nWhereis(Who)`,
});

/**
 * A process that a test looks at and acts on. A name is looked up anew each time, so that the probe outlives a restart; a pid stays that pid.
 * @example
 * import { type ProcessProbe, process } from "beamctl/testing";
 *
 * const cart: ProcessProbe = process(shop, "Shop.Cart");
 * console.log(`${await cart.pid()}`, await cart.state());
 */
export class ProcessProbe {
  /** As it was given. */
  readonly name: ProcessName;
  readonly #target: Target;
  /** The pid that was found last. */
  #seen: Pid | undefined;

  /** @internal Use {@link process}. */
  constructor(target: Target, name: ProcessName) {
    this.#target = target;
    this.name = name;
  }

  /**
   * Its pid now.
   * @throws NoProcessError when there is none
   */
  async pid(options: WaitOptions = {}): Promise<Pid> {
    const node = nodeOf(this.#target);
    const found = await runScript(node, FIND, { Who: addressOf(this.name) }, options);
    if (found instanceof Pid) return (this.#seen = found);
    throw gone(this.name, node.name);
  }

  /**
   * Its state, as `sys:get_state/2` has it. With a pattern it waits until the state matches: the states stay on the node, where they are
   * looked at after 1, 2, 4, then every 50 ms; the process answers between two of its messages each time, so this is nothing for a busy one in production.
   * A process of that name may come later, too. What is sent here is the state that matched, or, in the error, the last that did not.
   * @throws NoProcessError when there is none (with a pattern only for a pid)
   * @throws WaitError when no state matches in time, with the last one and where it differs
   * @throws UsageError when the pattern holds a JavaScript function, or when the process is no OTP process
   * @throws AbortedError NodeDownError
   */
  state(pattern?: TermPattern, options: WaitForOptions = {}): Promise<Term> {
    return probeState(nodeOf(this.#target), this.name, pattern, options);
  }

  /**
   * Waits until it has nothing to do: its mailbox is empty and it waits in its loop, not in a callback and not for the answer of another, at
   * two looks in a row. What we sent before is counted in; timers that will bring it work are not. A suspended process is busy, unless it
   * hibernates too, which nothing shows from outside. Safe in production.
   * @throws NoProcessError when there is none
   * @throws WaitError when it is still busy after `timeout` (default 5000 ms), with what it does
   * @throws AbortedError NodeDownError
   */
  async untilIdle(options: WaitForOptions = {}): Promise<void> {
    await probeIdle(nodeOf(this.#target), { processes: [this.name] }, options);
  }

  /**
   * Calls it, as `GenServer.call/3`. Default timeout 5000 ms.
   * @throws NoProcessError RemoteError TimeoutError AbortedError NodeDownError
   */
  async call(request: Term, options: WaitOptions = {}): Promise<Term> {
    return nodeOf(this.#target).genCall(await this.pid(options), request, options);
  }

  /**
   * Casts to it, as `GenServer.cast/2`. Resolves when it is sent.
   * @throws NoProcessError when there is none
   */
  async cast(message: Term): Promise<void> {
    nodeOf(this.#target).genCast(await this.pid(), message);
  }

  /**
   * Sends it a message, as `send/2`. Resolves when it is sent.
   * @throws NoProcessError when there is none
   */
  async send(message: Term): Promise<void> {
    nodeOf(this.#target).send(await this.pid(), message);
  }

  /**
   * Replaces its state, as `sys:replace_state/2`: by a term, or by what a function makes of it here, which is asked again when the state has changed
   * meanwhile. The process takes it between two messages, and believes it: a wrong one crashes it. For tests only. With `revert` the
   * former state is put back on release or when we are gone, unless the process has ended; what happened in between is lost. Of two that overlap on one process the
   * later has to end first: what is put back is what each had found.
   * @throws NoProcessError when there is none
   * @throws WaitError when it does not take it within `timeout` (default 5000 ms); then it keeps its own
   * @throws UsageError when it is no OTP process, or an event manager
   */
  async replaceState(
    next: NextState,
    options: ReplaceStateOptions & { revert: true },
  ): Promise<Kept>;
  async replaceState(next: NextState, options?: ReplaceStateOptions): Promise<undefined>;
  async replaceState(
    next: NextState,
    options: ReplaceStateOptions = {},
  ): Promise<Kept | undefined> {
    const kept = await replaceState(
      nodeOf(this.#target),
      this.name,
      await this.pid(),
      next,
      options,
    );
    return kept === undefined ? undefined : owned(this.#target, kept);
  }

  /**
   * Waits until it runs again under another pid: by its name, or, of a pid, by its place in its supervisor. `during` is called when the pid before is known;
   * without it that is the one that this probe saw last, or the one of now. For a child without an id of its own (of a DynamicSupervisor) the
   * next child that starts there counts. Safe in production.
   * @throws NoProcessError when it is not there to begin with
   * @throws WaitError when it is not started again in `timeout` (default 5000 ms), with what its supervisor did instead
   */
  async restarted(during?: () => unknown, options: WaitForOptions = {}): Promise<Restarted> {
    const node = nodeOf(this.#target);
    const before =
      during === undefined && this.#seen !== undefined && !(this.name instanceof Pid)
        ? { pid: this.#seen, kin: atom("none") }
        : await findKin(node, this.name);
    await during?.();
    const found = await untilRestarted(node, this.name, before, options);
    this.#seen = found.pid;
    return found;
  }

  /**
   * Ends it in a chosen way and reports what its supervisor did and who else died. It is done, and the others are monitored, on the node in one call. `"raise"`, `"exit"` and
   * `{ reason }` have an OTP process terminate by `sys:terminate/2`, so that `terminate/2` of its callbacks runs and the crash is logged as one of its
   * own; any other process gets an exit signal. Not for production.
   * @throws NoProcessError when there is none
   * @throws WaitError when it has not ended after `timeout` (default 5000 ms)
   */
  async crash(way: CrashWay, options: CrashOptions = {}): Promise<CrashOutcome> {
    return crash(nodeOf(this.#target), this.name, way, options);
  }
}

/**
 * A probe of one process. Nothing is sent until one of its methods is called.
 * @example
 * import { atom, parse } from "beamctl/term";
 * import { assertTerm, process, term } from "beamctl/testing";
 *
 * const cart = process(node, "Shop.Cart");
 * await cart.cast(parse('{:add, "tea"}'));
 * await cart.state(term`%{items: ["tea" | _]}`, { timeout: 1_000 });
 *
 * const { items } = assertTerm(await cart.call(atom("get")), term`{:ok, %{items: items}}`);
 *
 * const report = await cart.crash("kill");
 * report.expectOnlyThatDied();
 * report.decision; // "restarted"
 * const { old, pid } = await cart.restarted(() => cart.send(atom("boom")));
 *
 * await cart.replaceState(term`%{id: 1, items: []}`.toTerm());
 * await cart.untilIdle();
 */
export function process(target: Target, name: ProcessName): ProcessProbe {
  return new ProcessProbe(target, name);
}
