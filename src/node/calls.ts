/** Calling a function on the node: by `erpc` (a process per call, as OTP's erpc) or by `rex` (one server there, the smallest). */

import { type BeamError, UsageError } from "../errors.ts";
import { type Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { erpcOutcome, type Outcome, rexOutcome } from "./call-results.ts";
import { SpawnRefusedError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Address, Encoded, LocalProcess } from "./processes.ts";
import { RemoteError } from "./remote-error.ts";
import { Request, type WaitOptions } from "./request.ts";

/** How a call is made. */
export interface CallOptions extends WaitOptions {
  /** Default `"erpc"`: a process of its own on the node. `"rex"` is one server there for all: less work, fewer semantics. */
  readonly via?: "erpc" | "rex" | undefined;
  /** Whose output the called code writes to. Default `"user"`, the node's own. */
  readonly groupLeader?: Pid | "user" | undefined;
  /** Kill the process on the node when the deadline or the signal ends the wait (erpc only). Default `false`: it runs on. */
  readonly cancel?: boolean | undefined;
}

/** Module, function and arguments. */
export interface Invocation {
  readonly module: string;
  readonly fun: string;
  readonly args: readonly Term[];
}

const ERPC = atom("erpc");
const EXECUTE_CALL = atom("execute_call");
const EXECUTE_CAST = atom("execute_cast");
const MAX_ARGUMENTS = 255;
const USER = atom("user");
const KILL = atom("kill");
// What execute_call puts in front of its result; the reference in the control message tells calls apart.
const MARK = 1;

/** One call, whichever way it goes. */
abstract class Call extends Request<Term> {
  protected readonly invocation: Invocation;
  protected readonly options: CallOptions;

  constructor(link: Link, invocation: Invocation, options: CallOptions) {
    super(link, options);
    this.invocation = invocation;
    this.options = options;
  }

  protected describe(): string {
    const { module, fun, args } = this.invocation;
    return `${module}:${fun}/${args.length}`;
  }

  protected finish(read: () => Outcome): void {
    let outcome: Outcome;
    try {
      outcome = read();
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    if ("value" in outcome) this.succeed(outcome.value);
    else this.fail(new RemoteError(this.link.peer.name, this.describe(), outcome));
  }
}

/** `erpc:execute_call/4` by a spawn request with a monitor: the result is the exit reason. */
class ErpcCall extends Call {
  readonly #leader: Pid;
  #spawned: Pid | undefined;

  constructor(link: Link, invocation: Invocation, options: CallOptions, leader: Pid) {
    super(link, invocation, options);
    this.#leader = leader;
  }

  protected transmit(): void {
    const { module, fun, args } = this.invocation;
    this.link.spawnRequest(
      this,
      { module: ERPC, fun: EXECUTE_CALL, args: [MARK, atom(module), atom(fun), args] },
      this.#leader,
      true,
    );
  }

  override spawned(_position: number, result: Pid | Atom): void {
    if (!(result instanceof Pid)) {
      if (this.waiting) this.fail(new SpawnRefusedError(this.link.peer.name, result.name));
      else this.leave();
      return;
    }
    this.#spawned = result;
    if (this.waiting) return;
    this.#takeBack(result);
    this.leave();
  }

  override down(_position: number, reason: Encoded): void {
    if (this.waiting) this.finish(() => erpcOutcome(reason.decode(), MARK));
    else this.leave();
  }

  // Without the pid nothing can be taken back yet: the process stays until the spawn reply brings it.
  protected override abandon(error: BeamError): void {
    if (this.#spawned !== undefined) this.#takeBack(this.#spawned);
    this.fail(error, this.#spawned === undefined);
  }

  #takeBack(spawned: Pid): void {
    this.link.demonitor(this, spawned);
    if (this.options.cancel === true) this.link.exit2((this.address as Address).pid, spawned, KILL);
  }
}

/** `{'$gen_call', {From, Tag}, {call, M, F, A, GroupLeader}}` to `rex`, the way of `rpc:call` before OTP 23. */
class RexCall extends Call {
  protected transmit(): void {
    const { module, fun, args } = this.invocation;
    const leader = this.options.groupLeader ?? "user";
    const call = tuple(
      atom("call"),
      atom(module),
      atom(fun),
      args,
      leader === "user" ? USER : leader,
    );
    this.link.genCall(this, "rex", call);
  }

  override message(payload: Encoded): void {
    const reply = payload.decode();
    if (!(reply instanceof Tuple) || reply.items[0] !== this.address?.generation) return;
    this.finish(() => rexOutcome(reply.items[1] as Term));
  }
}

/** Calls by way of a process of its own on the node, whose output goes to `leader`. */
export function callByErpc(
  link: Link,
  invocation: Invocation,
  options: CallOptions,
  leader: Pid,
): Promise<Term> {
  return new ErpcCall(link, invocation, options, leader).start();
}

/** Calls by way of `rex`. */
export function callByRex(link: Link, invocation: Invocation, options: CallOptions): Promise<Term> {
  return new RexCall(link, invocation, options).start();
}

/** `erpc:cast/4`: nothing comes back, not even whether the function exists. */
export function cast(link: Link, sender: LocalProcess, invocation: Invocation, leader: Pid): void {
  const { module, fun, args } = invocation;
  const call = { module: ERPC, fun: EXECUTE_CAST, args: [atom(module), atom(fun), args] };
  link.spawnRequest(sender, call, leader, false);
}

/** @throws UsageError when the arguments are no list that a function can take */
export function checkArguments(args: readonly Term[]): void {
  if (Array.isArray(args) && args.length <= MAX_ARGUMENTS) return;
  throw new UsageError("the arguments of a call are an array of at most 255 terms");
}
