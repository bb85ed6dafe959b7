/** What processes of ours send over a connection, in the form that the other side takes. */

import { type Control, hasFlag, type PeerInfo } from "../dist/index.ts";
import { type BeamError, isBeamError, LimitError, UsageError } from "../errors.ts";
import { type Atom, atom, type Pid, type Reference, type Term, tuple } from "../term/index.ts";
import { SpawnRefusedError } from "./errors.ts";
import type { Home } from "./home.ts";
import type { Address, LocalProcess } from "./processes.ts";

/** Module, function and arguments of a process to start. */
export interface SpawnCall {
  readonly module: Atom;
  readonly fun: Atom;
  readonly args: readonly Term[];
}

/** How a message is sent. */
export interface SendOptions {
  /** To be received before others: to an alias made for that, on nodes from OTP 28 on. */
  readonly priority?: boolean | undefined;
  /** A `seq_trace` token to go with it. */
  readonly token?: Term | undefined;
}

const MONITOR_OPTION = [atom("monitor")];
const GEN_CALL = atom("$gen_call");

/** The sending half of a link. */
export abstract class Signals {
  readonly peer: PeerInfo;
  readonly home: Home;
  readonly #senders: boolean;
  readonly #payloads: boolean;

  constructor(peer: PeerInfo, home: Home) {
    this.peer = peer;
    this.home = home;
    this.#senders = hasFlag(peer.flags, "SEND_SENDER");
    this.#payloads = hasFlag(peer.flags, "EXIT_PAYLOAD");
  }

  /** Why the link is down; `undefined` while it is up. */
  abstract get down(): BeamError | undefined;

  /** Whether it runs functions: a BEAM does, a program in Java or C does not. */
  get runs(): boolean {
    return hasFlag(this.peer.flags, "SPAWN");
  }

  /** `owed` is what the other side waits for. @throws NodeDownError InvalidControlError EncodeError LimitError */
  protected abstract transmit(control: Control, payload?: Term, owed?: boolean): void;

  /** A message to a process of the node, by pid, registered name or alias. */
  sendTo(
    to: Pid | Reference | string,
    message: Term,
    from: Pid = this.home.processes.nobody,
    options: SendOptions = {},
  ): void {
    this.transmit({ ...this.#sending(to, from), ...options }, message);
  }

  /** `{'$gen_call', {From, Tag}, Request}`; the tag is the number of the request's slot, so that no reference is needed. */
  genCall(process: LocalProcess, to: Pid | string, request: Term): void {
    const { pid, generation } = process.address as Address;
    this.sendTo(to, tuple(GEN_CALL, tuple(pid, generation), request), pid);
  }

  spawnRequest(process: LocalProcess, call: SpawnCall, groupLeader: Pid, monitor: boolean): void {
    if (!this.runs) throw new SpawnRefusedError(this.peer.name, "notsup");
    const { module, fun, args } = call;
    this.transmit(
      {
        type: "spawn_request",
        ref: this.home.processes.refOf(process),
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
    this.transmit(this.#monitoring("monitor", process, target, position));
  }

  demonitor(process: LocalProcess, target: Pid | string, position = 0): void {
    if (this.down !== undefined) return;
    this.transmit(this.#monitoring("demonitor", process, target, position));
  }

  /** @internal Use {@link Relations.link}, which keeps account. */
  linkTo(process: LocalProcess, to: Pid): void {
    this.transmit({ type: "link", from: (process.address as Address).pid, to });
  }

  /** @internal Use {@link Relations.unlink}. */
  unlinkFrom(process: LocalProcess, to: Pid, id: number | undefined): void {
    this.transmit({ type: "unlink", id, from: (process.address as Address).pid, to });
  }

  /** Tells a process there that we know that it has unlinked. */
  acknowledge(id: number | bigint, from: Pid, to: Pid): void {
    this.answer({ type: "unlink_ack", id, from, to });
  }

  /** An exit signal from a process that is not linked, as `exit/2`. */
  exit2(from: Pid, to: Pid, reason: Term, priority = false): void {
    const extras = priority ? { priority } : {};
    if (this.#payloads) this.transmit({ type: "payload_exit2", from, to, ...extras }, reason);
    else this.transmit({ type: "exit2", from, to, reason, ...extras });
  }

  /** Gives a process there another group leader, as `group_leader/2`. */
  groupLeader(leader: Pid, to: Pid): void {
    this.transmit({ type: "group_leader", leader, to });
  }

  /** Tells a linked or monitoring process of the node that one of ours, the `sender`, is gone. */
  exited(from: Pid | Atom, to: Pid, ref: Reference | undefined, reason: Term, sender?: Pid): void {
    if (ref === undefined) {
      const own = from as Pid;
      if (this.#payloads) this.transmit({ type: "payload_exit", from: own, to }, reason, true);
      else this.transmit({ type: "exit", from: own, to, reason }, undefined, true);
    } else if (this.#payloads) {
      this.transmit({ type: "payload_monitor_exit", from, sender, to, ref }, reason, true);
    } else this.transmit({ type: "monitor_exit", from, sender, to, ref, reason }, undefined, true);
  }

  /**
   * What a signal of the other side makes us send. That it cannot be sent is its own fault and nobody's error here, unless it never
   * reads what we send: then the link ends.
   */
  protected answer(control: Control, payload?: Term): void {
    try {
      this.transmit(control, payload, true);
    } catch (error) {
      if (!isBeamError(error) || error instanceof LimitError) throw error;
    }
  }

  #sending(to: Pid | Reference | string, from: Pid): Control {
    if (typeof to === "string") return { type: "reg_send", from, to: atom(to) };
    if ("ids" in to) return { type: "alias_send", from, to };
    return this.#senders ? { type: "send_sender", from, to } : { type: "send", to };
  }

  #monitoring(
    type: "monitor" | "demonitor",
    process: LocalProcess,
    target: Pid | string,
    position: number,
  ): Control {
    // Programs in Java and C drop the link for a control message that they do not know.
    const needed = typeof target === "string" ? "DIST_MONITOR_NAME" : "DIST_MONITOR";
    if (!hasFlag(this.peer.flags, needed)) {
      throw new UsageError(`${this.peer.name} is no BEAM: it has no such monitors`);
    }
    return {
      type,
      from: (process.address as Address).pid,
      target: typeof target === "string" ? atom(target) : target,
      ref: this.home.processes.refOf(process, position),
    };
  }
}
