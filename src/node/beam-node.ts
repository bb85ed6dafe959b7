/** A connected node: the facade over one link. */

import type { Flags } from "../dist/index.ts";
import { type BeamError, UsageError } from "../errors.ts";
import { atom, Pid, type Term, textOf, tuple } from "../term/index.ts";
import {
  type CallOptions,
  callByErpc,
  callByRex,
  cast,
  checkArguments,
  type Invocation,
} from "./calls.ts";
import { Casts } from "./casts.ts";
import { traceCall } from "./diagnostics.ts";
import { formatter } from "./formatter.ts";
import { GenCall, type GenCallOptions } from "./gen-call.ts";
import { GroupLeader, type GroupLeaderOptions } from "./group-leader.ts";
import type { Link } from "./link.ts";
import { Mailbox, type MailboxOptions } from "./mailbox.ts";
import { type Monitor, monitor } from "./monitors.ts";
import { Ping } from "./ping.ts";
import { type CloseOptions, remaining, type WaitOptions } from "./request.ts";
import { Server, type ServerHandlers, type ServerOptions } from "./server.ts";
import { type Spawned, type SpawnOptions, SpawnRequest } from "./spawn.ts";
import { SystemBatch, type SystemOptions, type SystemReply } from "./system.ts";
import { UserLeader } from "./user-leader.ts";

const PREPARE_TIMEOUT = 1_000;

/**
 * A node that we are connected to. Made by {@link connect}; `await using` closes it.
 * @example
 * import { atom } from "beamctl";
 *
 * await node.call("lists", "reverse", [[1, 2, 3]]); // [3, 2, 1]
 * await node.genCall("stock_server", atom("all"), { timeout: 1_000 });
 * node.genCast("stock_server", atom("refresh"));
 */
export class BeamNode implements AsyncDisposable {
  /** Resolves when the link is over: with the reason, or with `undefined` when it was closed here. Never rejects. */
  readonly closed: Promise<BeamError | undefined>;
  readonly #link: Link;
  readonly #casts: Casts;
  readonly #user: UserLeader;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(link: Link) {
    this.#link = link;
    this.closed = link.closed;
    this.#casts = new Casts();
    link.enter(this.#casts);
    this.#user = new UserLeader(link);
  }

  /**
   * @internal Learns what calls need, so that the first one is as fast as the others. A node whose `rex` is busy can be
   * connected to all the same: then the first call asks again, and what only newer nodes can read is refused.
   */
  async prepare(options: WaitOptions): Promise<void> {
    const link = this.#link;
    if (!link.runs) return;
    const { timeout = PREPARE_TIMEOUT } = options;
    const wait = { ...options, timeout: Math.min(timeout, PREPARE_TIMEOUT) };
    const release = { module: "erlang", fun: "system_info", args: [atom("otp_release")] };
    await Promise.allSettled([
      this.#user.pid(wait),
      link.releaseMatters &&
        callByRex(link, release, wait).then((told) => link.learnRelease(Number(textOf(told)))),
    ]);
  }

  /** Its name, `name@host`. */
  get name(): string {
    return this.#link.peer.name;
  }

  /** Tells this run of the node from earlier ones of the same name. */
  get creation(): number {
    return this.#link.peer.creation;
  }

  /** Our own name, as the node knows it. */
  get localName(): string {
    return this.#link.peer.localName;
  }

  /** @internal Whether {@link close} was called. */
  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** The capabilities of the link. */
  get flags(): Flags {
    return this.#link.peer.flags;
  }

  /**
   * Calls `module:fun(...args)` on the node and resolves with what it returns. Default timeout 5000 ms, after which the
   * function runs on unless `cancel` is set. Calls beyond the limit of pending ones wait their turn.
   * As safe on a busy node as the function itself.
   * @throws RemoteError when it raises
   * @throws TimeoutError AbortedError NodeDownError SpawnRefusedError
   * @throws EncodeError UsageError before anything is written
   */
  async call(
    module: string,
    fun: string,
    args: readonly Term[],
    options: CallOptions = {},
  ): Promise<Term> {
    checkArguments(args);
    const invocation: Invocation = { module, fun, args };
    return traceCall(this.name, invocation, () => this.#call(invocation, options));
  }

  /**
   * Calls without waiting: nothing tells whether it succeeded, or whether the function exists.
   * @throws NodeDownError EncodeError UsageError
   */
  async cast(module: string, fun: string, args: readonly Term[]): Promise<void> {
    checkArguments(args);
    cast(this.#link, this.#casts, { module, fun, args }, await this.#user.pid());
  }

  /**
   * Starts `module:fun(...args)` as a process on the node and monitors it.
   * @throws SpawnRefusedError TimeoutError AbortedError NodeDownError EncodeError UsageError
   */
  async spawn(
    module: string,
    fun: string,
    args: readonly Term[],
    options: SpawnOptions = {},
  ): Promise<Spawned> {
    checkArguments(args);
    const since = performance.now();
    const leader = options.groupLeader ?? "user";
    const chosen =
      leader === "self"
        ? this.groupLeader()
        : leader === "user"
          ? await this.#user.pid(options)
          : leader;
    const wait = remaining(options, since);
    return new SpawnRequest(this.#link, { module, fun, args }, wait, chosen).start();
  }

  /**
   * Sends a message to a process by pid or registered name; as in Erlang, nothing tells whether it exists.
   * @throws NodeDownError EncodeError
   * @throws UsageError when the pid is of another node, or of an earlier run of this one
   */
  send(to: Pid | string, message: Term): void {
    this.#own(to);
    this.#link.sendTo(to, message);
  }

  /** Whether more than 1 MiB waits to be written: who sends much should wait for {@link drained}, as the BEAM suspends its senders. */
  get congested(): boolean {
    return this.#link.congested;
  }

  /**
   * Resolves when the link takes more. Without waiting, {@link send} refuses what comes on top of 256 MiB.
   * @throws NodeDownError
   */
  drained(): Promise<void> {
    return this.#link.drained();
  }

  /**
   * Calls a server there, as `gen_server:call/3` and `gen_statem:call/3` do, or a gen_event manager as `gen_event` does. Resolves with the
   * reply; one that comes too late reaches nobody. Default timeout 5000 ms.
   * @throws NoProcessError when there is no such process
   * @throws RemoteError with the exit reason when it ends first
   * @throws TimeoutError AbortedError NodeDownError EncodeError UsageError
   */
  genCall(server: Pid | string, request: Term, options: GenCallOptions = {}): Promise<Term> {
    this.#own(server);
    return new GenCall(this.#link, server, request, options).start();
  }

  /**
   * Casts to a server there, as `gen_server:cast/2` and `gen_statem:cast/2`; nothing tells whether it exists.
   * @throws NodeDownError EncodeError UsageError
   */
  genCast(server: Pid | string, message: Term): void {
    this.send(server, tuple(atom("$gen_cast"), message));
  }

  /**
   * Sends one system message, as `sys` of stdlib does, and resolves with the reply. A `suspend` that is not answered in
   * time is followed by a `resume`. Default timeout 5000 ms.
   * @throws NoProcessError TimeoutError AbortedError NodeDownError EncodeError UsageError
   */
  async systemMessage(pid: Pid, request: Term, options: SystemOptions = {}): Promise<Term> {
    const [reply] = await this.systemMessages([pid], request, options);
    if (reply?.ok === true) return reply.reply;
    throw reply?.error ?? new UsageError("no reply to a system message");
  }

  /**
   * Sends a system message to many processes, at most `window` unanswered at a time, and resolves with an answer or an error
   * for each, in their order. The timeout (default 5000 ms) and the signal hold for all together.
   * Costs the node some 7 microseconds per process.
   * @throws NodeDownError EncodeError UsageError
   */
  async systemMessages(
    pids: readonly Pid[],
    request: Term,
    options: SystemOptions = {},
  ): Promise<SystemReply[]> {
    for (const pid of pids) this.#own(pid);
    return new SystemBatch(this.#link, pids, request, options).start();
  }

  /**
   * Watches a process by pid or registered name. Safe on a busy node.
   * @throws NodeDownError UsageError
   */
  monitor(target: Pid | string): Monitor {
    this.#own(target);
    return monitor(this.#link, target);
  }

  /**
   * A process of ours that others can send to.
   * @throws NodeDownError
   */
  mailbox(options: MailboxOptions = {}): Mailbox {
    return new Mailbox(this.#link, options);
  }

  /**
   * Starts a server of ours that processes of the node call as a gen_server, `{Name, LocalName}`.
   * @throws UsageError when the name is taken
   */
  serve(name: string, handlers: ServerHandlers, options: ServerOptions = {}): Server {
    return new Server(this.#link.home, name, handlers, options);
  }

  /**
   * A group leader of ours: what processes print to it is kept here.
   * @throws NodeDownError
   */
  groupLeader(options: GroupLeaderOptions = {}): GroupLeader {
    return new GroupLeader(this.#link, formatter(this.#link), options);
  }

  /**
   * Gives a process there another group leader, as `group_leader/2`: to whom it prints from now on.
   * @throws NodeDownError UsageError
   */
  setGroupLeader(process: Pid, leader: Pid): void {
    this.#own(process);
    this.#link.groupLeader(leader, process);
  }

  /**
   * The milliseconds that `net_kernel` needs to answer, as `net_adm:ping/1` asks it. Safe on a busy node.
   * @throws TimeoutError AbortedError NodeDownError
   */
  ping(options: WaitOptions = {}): Promise<number> {
    return new Ping(this.#link, options).start();
  }

  /** Lets what was sent leave and closes the link; whatever still waits rejects with NodeDownError. May be called again. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#link.close(options.timeout ?? 1_000);
    return this.#closing;
  }

  /** As {@link BeamNode.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #call(invocation: Invocation, options: CallOptions): Promise<Term> {
    if (options.via === "rex") return callByRex(this.#link, invocation, options);
    const leader = options.groupLeader ?? "user";
    const pid = leader === "user" ? this.#user.known : leader;
    if (pid !== undefined) return callByErpc(this.#link, invocation, options, pid);
    const since = performance.now();
    const user = await this.#user.pid(options);
    return callByErpc(this.#link, invocation, remaining(options, since), user);
  }

  #own(target: Pid | string): void {
    if (typeof target === "string") return;
    if (!(target instanceof Pid)) throw new UsageError("a process is a pid or a registered name");
    const { name, creation } = this.#link.peer;
    if (target.node.name === name && target.creation === creation) return;
    throw new UsageError(`the process ${target} is not one of ${name} as it runs now`, {
      node: name,
      remedy: "Look the process up again on this node.",
    });
  }
}
