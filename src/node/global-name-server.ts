/**
 * The part of OTP's `global` that a visible node cannot do without: other nodes synchronise with it, and wait for its word before they
 * register a name or take a lock. It grants locks and takes part in the meeting of nodes; it keeps no names.
 */

import type { Extras } from "../dist/index.ts";
import { Atom, atom, inspect, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import type { From, GenMessage } from "./gen-protocol.ts";
import type { Link } from "./link.ts";
import { monitor } from "./monitors.ts";
import { Service } from "./service.ts";

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
const [YES, OK, TRUE, FALSE] = [atom("yes"), atom("ok"), atom("true"), atom("false")];

/** Answers under the name `global_name_server`. */
export class GlobalNameServer extends Service {
  readonly #meetings = new Map<Atom, Meeting>();
  /** Who holds a lock, by its resource, and for which requester. */
  readonly #locks = new Map<string, { requester: string; holders: Map<string, Pid> }>();
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
      this.#release((holder) => holder.node === node);
    });
  }

  protected handle(message: GenMessage, extras: Extras): void {
    if (message.type === "call") {
      const reply = this.#called(message.from, message.request);
      this.reply(message.from, reply, extras);
    } else if (message.message instanceof Tuple) {
      // Version 5, of OTP 23, has lockers speak to each other without casts.
      const [what, ...rest] = message.message.items;
      if (what instanceof Atom) this.#casted(what.name, rest);
    }
  }

  #called({ pid }: From, request: Term): Term {
    const [what, lock] = request instanceof Tuple ? request.items : [request];
    switch (what instanceof Atom ? what.name : "") {
      case "set_lock":
        return this.#lock(lock, pid) ? TRUE : FALSE;
      case "del_lock":
        this.#unlock(lock, pid);
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
      void this.home.meet(node.name).then(
        () => this.#sync(node),
        () => {}, // it finds us
      );
    }
  }

  /** Tells a node that we know it, once for each link. */
  #sync(node: Atom): void {
    const meeting = this.#meetings.get(node);
    if (meeting === undefined || meeting.synced) return;
    meeting.synced = true;
    this.#cast(node, tuple(atom("in_sync"), this.home.node, TRUE));
  }

  #lock(lock: Term | undefined, holder: Pid): boolean {
    if (!(lock instanceof Tuple) || lock.items.length !== 2) return false;
    const [resource, requester] = lock.items.map((part) => inspect(part)) as [string, string];
    const known = this.#locks.get(resource);
    if (known !== undefined && known.requester !== requester) return false;
    const holders = known?.holders ?? new Map<string, Pid>();
    this.#locks.set(resource, { requester, holders });
    const key = inspect(holder);
    if (holders.has(key)) return true;
    holders.set(key, holder);
    const link = this.home.links.get(holder.node);
    const gone = () => this.#release((other) => inspect(other) === key);
    if (link !== undefined) void monitor(link, holder).down.then(gone, gone);
    return true;
  }

  #unlock(lock: Term | undefined, holder: Pid): void {
    if (!(lock instanceof Tuple) || lock.items.length !== 2) return;
    const [resource, requester] = lock.items.map((part) => inspect(part)) as [string, string];
    const known = this.#locks.get(resource);
    if (known?.requester !== requester) return;
    known.holders.delete(inspect(holder));
    if (known.holders.size === 0) this.#locks.delete(resource);
  }

  #release(of: (holder: Pid) => boolean): void {
    for (const [resource, { holders }] of this.#locks) {
      for (const [key, holder] of holders) if (of(holder)) holders.delete(key);
      if (holders.size === 0) this.#locks.delete(resource);
    }
  }

  #cast(node: Atom, message: Term): void {
    this.tell({ name: NAME, node: node.name }, tuple(atom("$gen_cast"), message));
  }
}
