/** A process of the node under a test's eyes. */

import type { WaitOptions } from "../node/index.ts";
import { runScript, Script } from "../otp/index.ts";
import { atom, Pid, type Term } from "../term/index.ts";
import { probeIdle } from "./probe-idle.ts";
import { PROBE } from "./probe-source.ts";
import { probeState } from "./probe-state.ts";
import { addressOf, gone, type ProcessName } from "./process-name.ts";
import { nodeOf, type Target } from "./target.ts";
import type { TermPattern } from "./term-pattern.ts";
import type { WaitForOptions } from "./wait.ts";

const FIND: Script = new Script({
  name: "probe_find",
  bindings: ["Who", "Peer"],
  source: `${PROBE}\nWhereis(Who)`,
});

/** A process that a test looks at and acts on. A name is looked up anew each time, so that the probe outlives a restart; a pid stays that pid. */
export class ProcessProbe {
  /** As it was given. */
  readonly name: ProcessName;
  readonly #target: Target;

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
    const bindings = { Who: addressOf(this.name), Peer: atom(node.localName) };
    const found = await runScript(node, FIND, bindings, options);
    if (found instanceof Pid) return found;
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
   * two looks in a row. What we sent before is counted in; timers that will bring it work are not. Safe in production.
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
}

/**
 * A probe of one process. Nothing is sent until one of its methods is called.
 * @example
 * ```ts
 * const cart = process(node, "Shop.Cart");
 * await cart.cast(parse('{:add, "tea"}'));
 * await cart.state(term`%{items: ["tea" | _]}`, { timeout: 1_000 });
 * ```
 */
export function process(target: Target, name: ProcessName): ProcessProbe {
  return new ProcessProbe(target, name);
}
