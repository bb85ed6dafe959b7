/**
 * The part of OTP's `global` that a visible node cannot do without: other nodes synchronise with it, and wait for its word before they
 * register a name or take a lock. It grants locks and takes part in the meeting of nodes; it keeps no names.
 */

import { Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import type { Asked, From, GenMessage } from "./gen-protocol.ts";
import { GlobalLocks } from "./global-locks.ts";
import type { Home } from "./home.ts";
import { Link } from "./link.ts";
import { answered, Service } from "./service.ts";

/** What is agreed with a node: each side marks what it sends with the other's tag, so that what is left of an earlier link is told apart. */
interface Meeting {
  his: Term | undefined;
  /** Whether its locker is spoken to itself, not by way of its server. */
  direct: boolean;
  /** Whether we have said that we are in sync, which both say who were told of each other by a third. */
  synced: boolean;
}

/** The version that we say we speak: later ones know it, and do without what came after. */
const VERSION = 7;
const NAME = "global_name_server";
const NONE: readonly Term[] = [];
const GEN_CAST = atom("$gen_cast");
/** Most nodes that wait to be called because others told us of them, and that are called at a time. */
const MAX_TOLD = 1_024;
const MAX_CALLING = 16;
const [YES, OK, TRUE, FALSE] = [atom("yes"), atom("ok"), atom("true"), atom("false")];

/** Answers under the name `global_name_server`. */
export class GlobalNameServer extends Service {
  readonly #meetings = new Map<Atom, Meeting>();
  readonly #locks = new GlobalLocks();
  /** Nodes that others told us of and that are being called, or are to be. */
  readonly #told = new Set<Atom>();
  #calling = 0;
  #lastTag = 0;

  /** A link to another visible node is up: it waits for our part of the meeting. */
  met(link: Link): void {
    const node = atom(link.peer.name);
    this.#lastTag += 1;
    const known = this.#meetings.get(node);
    const meeting: Meeting = known ?? { his: undefined, direct: false, synced: false };
    this.#meetings.set(node, meeting);
    const locker = tuple(atom("locker"), atom("no_longer_a_pid"), NONE, this.pid);
    const version = tuple(VERSION, this.#lastTag);
    this.#cast(node, tuple(atom("init_connect"), version, this.home.node, locker));
    void link.closed.then(() => {
      if (this.#meetings.get(node) === meeting) this.#meetings.delete(node);
    });
  }

  protected handle(message: GenMessage, asked: Asked): void {
    if (message.type === "call") {
      const reply = this.#called(message.from, message.request, asked);
      this.reply(message.from, reply, asked);
    } else if (message.message instanceof Tuple) {
      // Version 5, of OTP 23, has lockers speak to each other without casts.
      const [what, ...rest] = message.message.items;
      if (what instanceof Atom) this.#casted(what.name, rest);
    }
  }

  #called({ pid }: From, request: Term, { via }: Asked): Term {
    const [what, lock] = request instanceof Tuple ? request.items : [request];
    switch (what instanceof Atom ? what.name : "") {
      case "set_lock":
        return via instanceof Link && this.#locks.set(lock, pid, via) ? TRUE : FALSE;
      case "del_lock":
        if (via?.peer.name === pid.node.name) this.#locks.delete(lock, pid);
        return TRUE;
      case "register":
      case "register_ext":
        return YES;
      case "unregister":
      case "sync":
        return OK;
      case "get_known":
      case "get_synced":
        return [...this.#meetings.keys()];
      case "get_names_ext":
        return NONE;
      case "get_protocol_version":
        return VERSION;
      default:
        return tuple(atom("error"), atom("notsup"));
    }
  }

  #casted(what: string, rest: readonly Term[]): void {
    switch (what) {
      case "init_connect": {
        const [version, node] = rest;
        if (node instanceof Atom && version instanceof Tuple) this.#introduced(node, version);
        break;
      }
      case "lock_set": {
        const [locker, isSet] = rest;
        if (locker instanceof Pid && isSet === TRUE) this.#locked(locker);
        break;
      }
      case "exchange": {
        const [node] = rest;
        const his = node instanceof Atom ? this.#meetings.get(node)?.his : undefined;
        if (his === undefined) break;
        const known = [...this.#meetings.keys()].filter((other) => other !== node);
        const resolved = [atom("resolved"), this.home.node, NONE, known, known, NONE, his];
        this.#cast(node as Atom, tuple(...resolved));
        break;
      }
      case "resolved":
        this.#meet(rest[2]);
        break;
      case "new_nodes":
        this.#meet(rest[3]);
        break;
      case "in_sync": {
        const [node] = rest;
        if (node instanceof Atom) this.#sync(node);
        break;
      }
      default:
        break; // what later versions say to each other
    }
  }

  #introduced(node: Atom, version: Tuple): void {
    const [his, direct] = [version.items[1], Number(version.items[0]) < 6];
    const meeting = this.#meetings.get(node);
    if (meeting !== undefined) Object.assign(meeting, { his, direct });
    // It may come before the link is up for us.
    else if (this.home.links.has(node)) this.#meetings.set(node, { his, direct, synced: false });
  }

  /** The other side has locked its part of the cluster; ours is but we. */
  #locked(locker: Pid): void {
    const { node } = locker;
    const { his, direct } = this.#meetings.get(node) ?? {};
    if (his === undefined) return;
    const locked = tuple(atom("lock_set"), this.pid, TRUE, NONE);
    if (direct === true) this.tell(locker, locked);
    else this.#cast(node, locked);
    this.#cast(node, tuple(atom("exchange"), this.home.node, NONE, NONE, his));
  }

  /** Nodes that the other side knows: a cluster is a mesh. */
  #meet(nodes: Term | undefined): void {
    if (!Array.isArray(nodes)) return;
    for (const named of nodes as readonly Term[]) {
      // Newer ones tell the version of each.
      const node = named instanceof Tuple ? named.items[0] : named;
      if (!(node instanceof Atom) || node === this.home.node) continue;
      if (this.home.links.has(node)) this.#sync(node);
      else if (this.#told.size < MAX_TOLD) this.#told.add(node);
    }
    this.#call();
  }

  // A few at a time: whoever is told of can be anybody.
  #call(): void {
    for (const node of this.#told) {
      if (this.#calling >= MAX_CALLING) return;
      this.#told.delete(node);
      this.#calling += 1;
      const next = () => {
        this.#calling -= 1;
        this.#call();
      };
      const met = () => this.#sync(node);
      void this.home
        .meet(node.name)
        .then(met, () => {})
        .then(next); // else it finds us
    }
  }

  /** Tells a node that we know it, once for each link. */
  #sync(node: Atom): void {
    const meeting = this.#meetings.get(node);
    if (meeting === undefined || meeting.synced) return;
    meeting.synced = true;
    this.#cast(node, tuple(atom("in_sync"), this.home.node, TRUE));
  }

  #cast(node: Atom, message: Term): void {
    const link = this.home.links.get(node);
    if (link === undefined) return;
    answered(() => link.sendTo(NAME, tuple(GEN_CAST, message), this.pid));
  }
}

/** Meets a visible node that has just been connected, where we take part in `global`. */
export function greetGlobal(home: Home, link: Link): void {
  const global = home.whereis(atom("global_name_server"));
  if (global instanceof GlobalNameServer) global.met(link);
}
