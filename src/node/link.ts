/** One connection that is up: routes each signal to the process of ours that it is for, and offers what processes send. */

import { type Control, hasFlag, NodeDownError, type PeerInfo } from "../dist/index.ts";
import { BeamError, LimitError } from "../errors.ts";
import { type Atom, atom, Pid, type Reference, type Term, tuple } from "../term/index.ts";
import { Credit } from "./credit.ts";
import { answerTo, REGISTERED } from "./inbound.ts";
import { type Address, type Encoded, type LocalProcess, Processes } from "./processes.ts";
import type { Pump } from "./pump.ts";
import { TimerWheel } from "./timer-wheel.ts";
import { Watchers } from "./watchers.ts";

/** Module, function and arguments of a process to start. */
export interface SpawnCall {
  readonly module: Atom;
  readonly fun: Atom;
  readonly args: readonly Term[];
}

const MONITOR_OPTION = [atom("monitor")];
const NOT_SUPPORTED = atom("notsup");
const GEN_CALL = atom("$gen_call");

/** What the processes of our node share. */
export class Link {
  readonly peer: PeerInfo;
  readonly processes: Processes;
  readonly wheel: TimerWheel = new TimerWheel();
  readonly credit: Credit;
  /** Resolves when the link is over: with the reason, or with `undefined` when we closed it. */
  readonly closed: Promise<BeamError | undefined>;
  readonly #pump: Pump;
  readonly #watchers: Watchers;
  readonly #senders: boolean;
  readonly #payloads: boolean;
  #down: BeamError | undefined;
  #closing = false;
  #over!: (reason: BeamError | undefined) => void;

  constructor(pump: Pump, peer: PeerInfo, maxPending: number) {
    this.peer = peer;
    this.#pump = pump;
    this.credit = new Credit(maxPending);
    const { localName, localCreation, flags } = peer;
    this.processes = new Processes(localName, localCreation, hasFlag(flags, "V4_NC"));
    this.#watchers = new Watchers(this);
    this.#senders = hasFlag(flags, "SEND_SENDER");
    this.#payloads = hasFlag(flags, "EXIT_PAYLOAD");
    this.closed = new Promise((resolve) => {
      this.#over = resolve;
    });
  }

  /** Why the link is down; `undefined` while it is up. */
  get down(): BeamError | undefined {
    return this.#down;
  }

  /** Whether the flags leave open what the node can read: then {@link learnRelease} tells. */
  get releaseMatters(): boolean {
    return this.#pump.releaseMatters;
  }

  learnRelease(release: number): void {
    this.#pump.learnRelease(release);
  }

  /** Gives a process its pid. */
  enter(process: LocalProcess): Pid {
    if (this.#down !== undefined) throw this.#down;
    return this.processes.enter(process);
  }

  /** Ends a process of ours; who on the node watches it is told. */
  leave(process: LocalProcess): void {
    this.#watchers.ended(process);
    this.processes.leave(process);
  }

  /** A message to a process of the node, by pid or registered name. */
  sendTo(to: Pid | string, message: Term, from: Pid): void {
    this.#send(this.#sending(to, from), message);
  }

  #sending(to: Pid | string, from: Pid): Control {
    if (typeof to === "string") return { type: "reg_send", from, to: atom(to) };
    return this.#senders ? { type: "send_sender", from, to } : { type: "send", to };
  }

  /** `{'$gen_call', {From, Tag}, Request}`; the tag is the number of the request's slot, so that no reference is needed. */
  genCall(process: LocalProcess, to: Pid | string, request: Term): void {
    const { pid, generation } = process.address as Address;
    this.sendTo(to, tuple(GEN_CALL, tuple(pid, generation), request), pid);
  }

  spawnRequest(process: LocalProcess, call: SpawnCall, groupLeader: Pid, monitor: boolean): void {
    const { module, fun, args } = call;
    this.#send(
      {
        type: "spawn_request",
        ref: this.processes.refOf(process),
        from: (process.address as Address).pid,
        groupLeader,
        module,
        function: fun,
        arity: args.length,
        options: monitor ? MONITOR_OPTION : [],
      },
      args,
    );
  }

  monitor(process: LocalProcess, target: Pid | string, position = 0): void {
    this.#send(this.#monitoring("monitor", process, target, position));
  }

  demonitor(process: LocalProcess, target: Pid | string, position = 0): void {
    if (this.#down !== undefined) return;
    this.#send(this.#monitoring("demonitor", process, target, position));
  }

  /** An exit signal from a process that is not linked, as `exit/2`. */
  exit2(process: LocalProcess, to: Pid, reason: Term): void {
    const from = (process.address as Address).pid;
    if (this.#payloads) this.#send({ type: "payload_exit2", from, to }, reason);
    else this.#send({ type: "exit2", from, to, reason });
  }

  /** Tells a linked or monitoring process of the node that one of ours is gone. */
  exited(from: Pid | Atom, to: Pid, ref: Reference | undefined, reason: Term): void {
    if (ref === undefined) {
      const own = from as Pid;
      if (this.#payloads) this.#reply({ type: "payload_exit", from: own, to }, reason);
      else this.#reply({ type: "exit", from: own, to, reason });
    } else if (this.#payloads) this.#reply({ type: "payload_monitor_exit", from, to, ref }, reason);
    else this.#reply({ type: "monitor_exit", from, to, ref, reason });
  }

  /** Lets what was sent leave, then closes. Resolves when closed. */
  async close(grace: number): Promise<void> {
    this.#closing = true;
    await this.#pump.end(grace);
    await this.closed;
  }

  /** @internal The session is over. */
  lost(reason: BeamError): void {
    const { name } = this.peer;
    this.#down = this.#closing
      ? new NodeDownError(name, "it was closed here", { retryable: false, remedy: undefined })
      : reason instanceof NodeDownError
        ? reason
        : new NodeDownError(name, reason.message, { cause: reason });
    this.credit.lost(this.#down);
    this.processes.lost(this.#down);
    this.#over(this.#closing ? undefined : this.#down);
  }

  /** @internal A signal arrived. */
  receive(control: Control, payload: Encoded | undefined): void {
    switch (control.type) {
      case "send":
      case "send_sender":
        this.#deliver(this.processes.byPid(control.to), (process) =>
          process.message(payload as Encoded),
        );
        break;
      case "reg_send":
        this.#answer(control.to, payload as Encoded);
        break;
      case "spawn_reply": {
        const process = this.processes.byRef(control.ref);
        process?.spawned(control.ref.ids[2] as number, control.result);
        break;
      }
      case "payload_monitor_exit":
      case "monitor_exit":
        this.#deliver(this.processes.byRef(control.ref), (process) =>
          process.down(control.ref.ids[2] as number, reasonOf(control, payload)),
        );
        break;
      case "payload_exit":
      case "exit":
      case "payload_exit2":
      case "exit2":
        // One that has ended is linked to nobody any more.
        if (!control.type.endsWith("exit2")) this.#watchers.unlink(control.from, control.to);
        this.#deliver(this.processes.byPid(control.to), (process) =>
          process.exit(control.from, reasonOf(control, payload)),
        );
        break;
      case "monitor":
        this.#watchers.monitor(control.from, control.target, control.ref);
        break;
      case "demonitor":
        this.#watchers.demonitor(control.target, control.ref);
        break;
      case "link":
        this.#watchers.link(control.from, control.to);
        break;
      case "unlink":
        this.#watchers.unlink(control.from, control.to);
        if (control.id === undefined) break;
        this.#reply({ type: "unlink_ack", id: control.id, from: control.to, to: control.from });
        break;
      case "spawn_request":
        this.#reply({
          type: "spawn_reply",
          ref: control.ref,
          to: control.from,
          flags: 0,
          result: NOT_SUPPORTED,
        });
        break;
      case "alias_send":
      case "group_leader":
      case "unlink_ack":
        break; // we hand out no aliases, make no links, and our processes have no group leader
    }
  }

  /** @internal Whether the transport takes no more bytes. */
  set blocked(blocked: boolean) {
    this.credit.blocked = blocked;
  }

  #deliver(process: LocalProcess | undefined, signal: (process: LocalProcess) => void): void {
    if (process === undefined) return;
    try {
      signal(process);
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      process.broken(error);
    }
  }

  #answer(name: Atom, payload: Encoded): void {
    if (!REGISTERED.has(name)) return;
    let message: Term;
    try {
      message = payload.decode();
    } catch {
      return; // not worth the link: nobody here waits for it
    }
    const answer = answerTo(name, message, this.processes.node);
    if (answer === undefined) return;
    this.#reply(this.#sending(answer.to, this.processes.nobody), answer.message);
  }

  /**
   * What a signal of the other side makes us send. That it cannot be sent is its own fault and nobody's error here, unless it never
   * reads what we send: then the link ends.
   */
  #reply(control: Control, payload?: Term): void {
    try {
      this.#send(control, payload);
    } catch (error) {
      if (!(error instanceof BeamError) || error instanceof LimitError) throw error;
    }
  }

  #monitoring(
    type: "monitor" | "demonitor",
    process: LocalProcess,
    target: Pid | string,
    position: number,
  ): Control {
    return {
      type,
      from: (process.address as Address).pid,
      target: target instanceof Pid ? target : atom(target),
      ref: this.processes.refOf(process, position),
    };
  }

  #send(control: Control, payload?: Term): void {
    if (this.#down !== undefined) throw this.#down;
    this.#pump.send(control, payload);
  }
}

function reasonOf(control: Control, payload: Encoded | undefined): Encoded {
  if (payload !== undefined) return payload;
  return { decode: () => ("reason" in control ? control.reason : atom("undefined")) };
}
