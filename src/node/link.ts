/** One connection that is up: routes each signal to the process of ours that it is for. */

import { type Control, type Extras, NodeDownError, type PeerInfo } from "../dist/index.ts";
import { BeamError } from "../errors.ts";
import { type Pid, type Term, UNDEFINED } from "../term/index.ts";
import { Credit } from "./credit.ts";
import { NoSuchLinkError } from "./errors.ts";
import type { Destination, Home } from "./home.ts";
import { type Encoded, type LocalProcess, present } from "./processes.ts";
import type { Pump } from "./pump.ts";
import { Relations } from "./relations.ts";
import { serveSpawn } from "./served-call.ts";
import { type SendOptions, Signals } from "./signals.ts";

/** How many bytes may wait to be written before senders are asked to wait, as the BEAM's dist_buf_busy_limit. */
const WINDOW = 1024 * 1024;

/** A connection between a local node and another one. */
export class Link extends Signals {
  readonly credit: Credit;
  /** Resolves when the link is over: with the reason, or with `undefined` when we closed it. */
  readonly closed: Promise<BeamError | undefined>;
  readonly relations: Relations;
  readonly #pump: Pump;
  #down: BeamError | undefined;
  #closing = false;
  #blocked = false;
  #aborter: AbortController | undefined;
  readonly #drains: (() => void)[] = [];
  #over!: (reason: BeamError | undefined) => void;

  constructor(pump: Pump, peer: PeerInfo, maxPending: number, home: Home) {
    super(peer, home);
    this.#pump = pump;
    this.credit = new Credit(maxPending);
    this.relations = new Relations(this);
    this.closed = new Promise((resolve) => {
      this.#over = resolve;
    });
    home.attach(this);
  }

  override get down(): BeamError | undefined {
    return this.#down;
  }

  /** Whether the flags leave open what the node can read: then {@link learnRelease} tells. */
  get releaseMatters(): boolean {
    return this.#pump.releaseMatters;
  }

  learnRelease(release: number): void {
    this.#pump.learnRelease(release);
  }

  /** Gives a process its pid; it lives no longer than the link. */
  enter(process: LocalProcess): Pid {
    if (this.#down !== undefined) throw this.#down;
    return this.home.processes.enter(process, this);
  }

  /** Ends a process of ours; who on the node watches it is told the reason, by default `normal`. */
  leave(process: LocalProcess, reason?: Term): void {
    this.home.leave(process, reason);
  }

  /** The link to the node of a process: this one, over which alone its processes hear. @throws NoSuchLinkError */
  route(pid: Pid): Link {
    if (pid.node.name === this.peer.name) return this;
    throw new NoSuchLinkError(pid.node.name);
  }

  /** From a process of this link, which speaks with the node there or with others here. @throws NoSuchLinkError */
  deliver(to: Destination, message: Term, from: Pid, options: SendOptions): void {
    const node = typeof to.node === "string" ? to.node : to.node.name;
    if (node !== this.peer.name && node !== this.home.node.name) throw new NoSuchLinkError(node);
    this.home.deliver(to, message, from, options);
  }

  /** Aborts when the link is over. */
  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#down !== undefined) this.#aborter.abort();
    return this.#aborter.signal;
  }

  /** Ends the link: the other side cannot be told what it has to know. */
  fail(reason: BeamError): void {
    this.#pump.fail(reason);
  }

  /** Whether signals of this link are for the process: they are not for those of other links. */
  reaches(process: LocalProcess): boolean {
    return process.owner === undefined || process.owner === this;
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
    this.home.detach(this, this.#down);
    this.relations.lost();
    this.#released();
    this.#aborter?.abort();
    this.#over(this.#closing ? undefined : this.#down);
  }

  /** @internal A signal arrived. */
  receive(control: Control, payload: Encoded | undefined): void {
    const { processes } = this.home;
    switch (control.type) {
      case "send":
      case "send_sender":
        this.#message(processes.byPid(control.to), payload as Encoded, control);
        break;
      case "reg_send":
        this.#message(this.home.whereis(control.to), payload as Encoded, control);
        break;
      case "alias_send": {
        const position = control.to.ids[2] as number;
        this.#deliver(processes.byRef(control.to), (process) =>
          process.aliased(position, payload as Encoded, control),
        );
        break;
      }
      case "spawn_reply": {
        const position = control.ref.ids[2] as number;
        this.#deliver(processes.byRef(control.ref), (process) =>
          process.spawned(position, control.result),
        );
        break;
      }
      case "payload_monitor_exit":
      case "monitor_exit": {
        const position = control.ref.ids[2] as number;
        this.#deliver(processes.byRef(control.ref), (process) =>
          process.down(position, reasonOf(control, payload)),
        );
        break;
      }
      case "payload_exit":
      case "exit":
        if (!this.relations.exits(control.from, control.to)) break;
        this.#deliver(processes.byPid(control.to), (process) =>
          process.exit(control.from, reasonOf(control, payload), true),
        );
        break;
      case "payload_exit2":
      case "exit2":
        this.#deliver(processes.byPid(control.to), (process) =>
          process.exit(control.from, reasonOf(control, payload), false),
        );
        break;
      case "monitor":
        this.relations.monitor(control.from, control.target, control.ref);
        break;
      case "demonitor":
        this.relations.demonitor(control.ref);
        break;
      case "link":
        this.relations.linked(control.from, control.to);
        break;
      case "unlink":
        this.relations.unlinked(control.id, control.from, control.to);
        break;
      case "unlink_ack":
        this.relations.acknowledged(control.id, control.from, control.to);
        break;
      case "spawn_request":
        this.answer(serveSpawn(this, control, payload as Encoded));
        break;
      case "group_leader":
        break; // what our processes print goes nowhere
    }
  }

  /** Whether so much waits to be written that senders should wait too. */
  get congested(): boolean {
    return this.#blocked || this.#pump.pendingBytes > WINDOW;
  }

  /** Resolves when the link is not congested. @throws NodeDownError */
  async drained(): Promise<void> {
    while (this.#down === undefined && this.congested) {
      await new Promise<void>((resolve) => {
        this.#drains.push(resolve);
        if (!this.#blocked) setImmediate(() => this.#released()); // it is written at the end of this turn
      });
    }
    if (this.#down !== undefined) throw this.#down;
  }

  /** @internal Whether the transport takes no more bytes. */
  set blocked(blocked: boolean) {
    this.#blocked = blocked;
    this.credit.blocked = blocked;
    if (!blocked) this.#released();
  }

  protected override transmit(control: Control, payload?: Term, owed?: boolean): void {
    if (this.#down !== undefined) throw this.#down;
    this.#pump.send(control, payload, owed);
  }

  #released(): void {
    for (const resolve of this.#drains.splice(0)) resolve();
  }

  #message(process: LocalProcess | undefined, payload: Encoded, extras: Extras): void {
    this.#deliver(process, (reached) => reached.message(payload, extras, this));
  }

  #deliver(process: LocalProcess | undefined, signal: (process: LocalProcess) => void): void {
    if (process === undefined || !this.reaches(process)) return;
    try {
      signal(process);
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      process.broken(error);
    }
  }
}

function reasonOf(control: Control, payload: Encoded | undefined): Encoded {
  if (payload !== undefined) return payload;
  return "reason" in control ? present(control.reason, control.bytes) : present(UNDEFINED);
}
