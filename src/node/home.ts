/** What the processes of one local node share: its name, the table of its processes, their registered names, its links. */

import { type BeamError, isBeamError, LimitError, UsageError } from "../errors.ts";
import { type Atom, atom, type Pid, Reference, type Term } from "../term/index.ts";
import { NoSuchLinkError } from "./errors.ts";
import { Functions } from "./functions.ts";
import type { Link } from "./link.ts";
import { type LocalProcess, Processes, present } from "./processes.ts";
import { SERVICES } from "./services.ts";
import type { SendOptions } from "./signals.ts";

/** Where a message goes: a process, an alias of one, or a name that one is registered under on some node. */
export type Destination = Pid | Reference | RemoteName;

/** A registered name on a node, as `{Name, Node}`. */
export interface RemoteName {
  readonly name: string;
  readonly node: string;
}

const NORMAL = atom("normal");
/** Most messages that wait for the connection to a node. */
const MAX_UNDELIVERED = 1_000;
/** Most nodes that are connected at a time because of messages. */
const MAX_CONNECTING = 64;

type Deliver = (link: Link) => void;

/** Messages to a node that is being connected. */
class Undelivered {
  readonly #node: string;
  readonly #messages: Deliver[] = [];

  constructor(node: string) {
    this.#node = node;
  }

  /** @throws LimitError when too many wait */
  add(deliver: Deliver): void {
    if (this.#messages.length >= MAX_UNDELIVERED) {
      throw new LimitError(`${MAX_UNDELIVERED} messages wait for a connection with ${this.#node}`);
    }
    this.#messages.push(deliver);
  }

  /** What cannot be sent is dropped: its sender has gone on. */
  deliver(link: Link): void {
    for (const deliver of this.#messages) {
      try {
        deliver(link);
      } catch (error) {
        if (!isBeamError(error)) throw error;
      }
    }
  }
}

/** A local node: of its own, or the one that a single link made for itself. */
export class Home {
  readonly node: Atom;
  readonly processes: Processes;
  /** What others may call. */
  readonly functions: Functions = new Functions();
  /** Whether other nodes see us in `nodes()`. */
  readonly visible: boolean;
  /** Connects to the node of whom a message is for; `undefined` when that is not wanted. */
  dial: ((node: string) => Promise<unknown>) | undefined;
  /** Connects to a node of the cluster that others told us of. */
  meet: (node: string) => Promise<unknown> = () => Promise.reject(new NoSuchLinkError(""));
  readonly #names = new Map<Atom, LocalProcess>();
  readonly #links = new Map<Atom, Link>();
  #ended: BeamError | undefined;
  readonly #undelivered = new Map<Atom, Undelivered>();

  /** @param wide whether every node that it will meet takes identifiers of 32 bits */
  constructor(name: string, creation: number, wide: boolean, visible = false) {
    this.node = atom(name);
    this.processes = new Processes(name, creation, wide);
    this.visible = visible;
  }

  get home(): Home {
    return this;
  }

  get links(): ReadonlyMap<Atom, Link> {
    return this.#links;
  }

  attach(link: Link): void {
    this.#links.set(atom(link.peer.name), link);
  }

  /** The link is over, and with it all that lived for it. */
  detach(link: Link, error: BeamError): void {
    const node = atom(link.peer.name);
    if (this.#links.get(node) === link) this.#links.delete(node);
    this.processes.lost(error, link);
  }

  /** The node is closed: its processes end, and there are no new ones. */
  end(error: BeamError): void {
    this.#ended = error;
    this.processes.lost(error);
    this.#names.clear();
  }

  /** Gives a process of the whole node its pid. */
  enter(process: LocalProcess): Pid {
    if (this.#ended !== undefined) throw this.#ended;
    return this.processes.enter(process);
  }

  /** Ends a process; who watches it is told the reason. */
  leave(process: LocalProcess, reason?: Term): void {
    const { watching } = process;
    process.watching = undefined;
    this.unregister(process);
    // They need its pid.
    for (const one of watching ?? []) one.ended(process, reason ?? NORMAL);
    this.processes.leave(process);
  }

  /** @throws UsageError when the name is taken, or the process has one */
  register(name: Atom, process: LocalProcess): void {
    if (this.#names.has(name) || SERVICES.has(name.name)) {
      throw new UsageError(`the name ${name} is taken on ${this.node}`);
    }
    if (process.registered !== undefined || process.address === undefined) {
      throw new UsageError("a process that is registered already, or has ended");
    }
    this.#name(name, process);
  }

  unregister(process: LocalProcess): void {
    if (process.registered !== undefined) this.#names.delete(process.registered);
    process.registered = undefined;
  }

  /** The process of this name; those that every node has are made when somebody asks for them. */
  whereis(name: Atom): LocalProcess | undefined {
    const found = this.#names.get(name);
    if (found !== undefined) return found;
    const service = SERVICES.get(name.name)?.(this);
    if (service === undefined || this.#ended !== undefined || this.processes.full) return undefined;
    this.enter(service);
    this.#name(name, service);
    return service;
  }

  /**
   * An answer from a process of ours to somebody who asked over a link: it makes no connection, and reaches nobody here, whatever
   * pid he gave as his own.
   * @throws NoSuchLinkError EncodeError NodeDownError InvalidControlError LimitError
   */
  answer(to: Pid | Reference, message: Term, from: Pid, options: SendOptions = {}): void {
    const link = this.#links.get(to.node);
    if (link === undefined) throw new NoSuchLinkError(to.node.name);
    link.sendTo(to, message, from, options);
  }

  /**
   * A message from a process of ours.
   * @throws NoSuchLinkError when we are not connected to its node
   * @throws EncodeError NodeDownError
   */
  deliver(to: Destination, message: Term, from: Pid, options: SendOptions = {}): void {
    const node = typeof to.node === "string" ? atom(to.node) : to.node;
    if (node === this.node) {
      this.#sendHere(to, message, options);
      return;
    }
    const link = this.#links.get(node);
    const deliver = (over: Link) =>
      over.sendTo("name" in to ? to.name : to, message, from, options);
    // Behind those that wait already, even when the link is up by now.
    const waiting = this.#undelivered.get(node);
    if (waiting !== undefined) waiting.add(deliver);
    else if (link !== undefined) deliver(link);
    else if (this.dial !== undefined) this.#deliverLater(node, this.dial, deliver);
    else throw new NoSuchLinkError(node.name);
  }

  #deliverLater(node: Atom, dial: NonNullable<Home["dial"]>, deliver: Deliver): void {
    if (this.#undelivered.size >= MAX_CONNECTING) {
      throw new LimitError(`messages wait for connections with ${MAX_CONNECTING} nodes`);
    }
    const waiting = new Undelivered(node.name);
    waiting.add(deliver);
    this.#undelivered.set(node, waiting);
    const settle = () => {
      this.#undelivered.delete(node);
      const link = this.#links.get(node);
      if (link !== undefined) waiting.deliver(link);
    };
    void dial(node.name).then(settle, settle);
  }

  /** The link to the node of a process. @throws NoSuchLinkError */
  route(pid: Pid): Link {
    const link = this.#links.get(pid.node);
    if (link === undefined) throw new NoSuchLinkError(pid.node.name);
    return link;
  }

  #sendHere(to: Destination, message: Term, options: SendOptions): void {
    const here = present(message);
    if (to instanceof Reference) {
      const process = this.processes.byRef(to);
      if (process?.addressable) process.aliased(to.ids[2] as number, here, options);
      return;
    }
    const process = "name" in to ? this.whereis(atom(to.name)) : this.processes.byPid(to);
    if (process?.addressable) process.message(here, options, undefined);
  }

  #name(name: Atom, process: LocalProcess): void {
    this.#names.set(name, process);
    process.registered = name;
  }
}
