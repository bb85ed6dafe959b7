/** Links and monitors between processes of the other node and ours, over one connection: who hears of whose end. */

import { hasFlag } from "../dist/index.ts";
import { isBeamError, LimitError } from "../errors.ts";
import { EncodeError } from "../etf/index.ts";
import { Atom, atom, type Pid, type Reference, type Term } from "../term/index.ts";
import type { Link } from "./link.ts";
import { type LocalProcess, present, type Watching } from "./processes.ts";

/** A process there that watches one of ours. */
interface Monitoring {
  readonly by: Pid;
  readonly ref: Reference;
  /** The name, when it watches by name: it is told that name. */
  readonly name: Atom | undefined;
}

/** A link between a process there and one of ours. */
interface Linked {
  readonly by: Pid;
  /** We have unlinked, and the other side has not acknowledged it: until then what it says of the link is of the past. */
  unlinking: number | undefined;
}

interface Related {
  readonly monitors: Map<string, Monitoring>;
  readonly links: Map<string, Linked>;
}

/** Most monitors and links on a connection at a time; to more of them nobody is there. */
const MAX_RELATIONS = 262_143;

const NOPROC = atom("noproc");
const NOCONNECTION = atom("noconnection");
const BADARG = atom("badarg");

/** They end with our process, or with the connection. Links follow "Link Protocol" of erl_dist_protocol. */
export class Relations implements Watching {
  readonly #link: Link;
  readonly #unlinkIds: boolean;
  readonly #of = new Map<LocalProcess, Related>();
  /** Which process a monitor is of: a name may have gone to another meanwhile. */
  readonly #monitored = new Map<string, LocalProcess>();
  #count = 0;
  #lastUnlink = 0;

  constructor(link: Link) {
    this.#link = link;
    this.#unlinkIds = hasFlag(link.peer.flags, "UNLINK_ID");
  }

  /** A process there monitors one of ours, by pid or by name; one that does not exist is down at once. */
  monitor(by: Pid, target: Pid | Atom, ref: Reference): void {
    const name = target instanceof Atom ? target : undefined;
    const process = this.#find(target);
    const key = keyOfRef(ref);
    if (process === undefined || this.#count >= MAX_RELATIONS) {
      this.#tell(target, by, ref, NOPROC);
    } else if (!this.#monitored.has(key)) {
      this.#monitored.set(key, process);
      this.#related(process).monitors.set(key, { by, ref, name });
      this.#count += 1;
    }
  }

  demonitor(ref: Reference): void {
    const key = keyOfRef(ref);
    const process = this.#monitored.get(key);
    if (process === undefined) return;
    this.#monitored.delete(key);
    const related = this.#of.get(process) as Related;
    related.monitors.delete(key);
    this.#removed(process, related);
  }

  /** Ends one monitor as if our process had ended, which goes on. */
  cut(process: LocalProcess, ref: Reference, reason: Term): void {
    const key = keyOfRef(ref);
    const known = this.#of.get(process)?.monitors.get(key);
    const pid = process.address?.pid;
    if (known === undefined || pid === undefined) return;
    this.demonitor(ref);
    this.#tell(known.name ?? pid, known.by, ref, reason, pid);
  }

  /** A process there links to one of ours. */
  linked(by: Pid, target: Pid): void {
    const process = this.#find(target);
    if (process === undefined || this.#count >= MAX_RELATIONS) {
      this.#tell(target, by, undefined, NOPROC);
      return;
    }
    const { links } = this.#related(process);
    const key = keyOfPid(by);
    if (links.has(key)) return; // linked already, or said before it knew that we have unlinked
    links.set(key, { by, unlinking: undefined });
    this.#count += 1;
  }

  /** A process there unlinks from one of ours; without an id nothing is to be acknowledged. */
  unlinked(id: number | bigint | undefined, by: Pid, target: Pid): void {
    const process = this.#find(target);
    const known = process && this.#of.get(process)?.links.get(keyOfPid(by));
    if (process !== undefined && known?.unlinking === undefined) this.#drop(process, by);
    if (id !== undefined) this.#link.acknowledge(id, target, by);
  }

  /** The other side has heard that we unlinked; of an earlier time when we have linked again meanwhile. */
  acknowledged(id: number | bigint, by: Pid, target: Pid): void {
    const process = this.#find(target);
    const known = process && this.#of.get(process)?.links.get(keyOfPid(by));
    if (process !== undefined && known?.unlinking === Number(id)) this.#drop(process, by);
  }

  /** Whether a process there that has ended was linked to ours, which then is to be told. */
  exits(by: Pid, target: Pid): boolean {
    const process = this.#find(target);
    const known = process && this.#of.get(process)?.links.get(keyOfPid(by));
    if (process === undefined || known === undefined || known.unlinking !== undefined) return false;
    this.#drop(process, by);
    return true;
  }

  /** Links a process of ours. @throws LimitError when too many are */
  link(process: LocalProcess, to: Pid): void {
    if (this.#count >= MAX_RELATIONS) throw new LimitError(`more than ${MAX_RELATIONS} links`);
    const { links } = this.#related(process);
    const known = links.get(keyOfPid(to));
    if (known !== undefined && known.unlinking === undefined) return;
    this.#link.linkTo(process, to);
    links.set(keyOfPid(to), { by: to, unlinking: undefined });
    if (known === undefined) this.#count += 1;
  }

  /** Unlinks a process of ours: from now on nothing comes over that link. */
  unlink(process: LocalProcess, to: Pid): void {
    const known = this.#of.get(process)?.links.get(keyOfPid(to));
    if (known === undefined || known.unlinking !== undefined) return;
    if (this.#unlinkIds) {
      this.#lastUnlink += 1;
      known.unlinking = this.#lastUnlink;
      this.#link.unlinkFrom(process, to, known.unlinking);
    } else {
      this.#drop(process, to);
      this.#link.unlinkFrom(process, to, undefined);
    }
  }

  /** One of ours ends: all who watch it are told. Never throws. */
  ended(process: LocalProcess, reason: Term): void {
    const related = this.#of.get(process);
    const pid = process.address?.pid;
    if (related === undefined || pid === undefined) return;
    this.#of.delete(process);
    this.#count -= related.monitors.size + related.links.size;
    for (const key of related.monitors.keys()) this.#monitored.delete(key);
    if (this.#link.down !== undefined) return;
    for (const { by, ref, name } of related.monitors.values()) {
      this.#tell(name ?? pid, by, ref, reason, pid);
    }
    for (const { by, unlinking } of related.links.values()) {
      if (unlinking === undefined) this.#tell(pid, by, undefined, reason);
    }
  }

  /** The connection is over: those of ours that live on lose their links with it. */
  lost(): void {
    const all = [...this.#of];
    this.#of.clear();
    this.#monitored.clear();
    for (const [process, { links }] of all) {
      process.watching?.delete(this);
      if (process.owner !== undefined) continue;
      for (const { by, unlinking } of links.values()) {
        if (unlinking === undefined) process.exit(by, present(NOCONNECTION), true);
      }
    }
  }

  /** Tells somebody there of an end. Never throws: what it cannot be told as it is, it is told as `badarg`, and who never reads is cut off. */
  #tell(from: Pid | Atom, to: Pid, ref: Reference | undefined, reason: Term, sender?: Pid): void {
    try {
      this.#link.exited(from, to, ref, reason, sender);
    } catch (error) {
      if (error instanceof EncodeError && reason !== BADARG) {
        this.#tell(from, to, ref, BADARG, sender);
      } else if (error instanceof LimitError) {
        this.#link.fail(error);
      } else if (!isBeamError(error)) throw error; // it asked on behalf of somebody else, or the link is down
    }
  }

  #find(target: Pid | Atom): LocalProcess | undefined {
    const { home } = this.#link;
    const found = target instanceof Atom ? home.whereis(target) : home.processes.byPid(target);
    return found !== undefined && this.#link.reaches(found) ? found : undefined;
  }

  #related(process: LocalProcess): Related {
    const known = this.#of.get(process);
    if (known !== undefined) return known;
    const made: Related = { monitors: new Map(), links: new Map() };
    this.#of.set(process, made);
    process.watching ??= new Set();
    process.watching.add(this);
    return made;
  }

  #drop(process: LocalProcess, by: Pid): void {
    const related = this.#of.get(process);
    if (related?.links.delete(keyOfPid(by)) === true) this.#removed(process, related);
  }

  #removed(process: LocalProcess, related: Related): void {
    this.#count -= 1;
    if (related.monitors.size + related.links.size > 0) return;
    this.#of.delete(process);
    process.watching?.delete(this);
  }
}

function keyOfRef(ref: Reference): string {
  return `${ref.node} ${ref.creation}.${ref.ids.join(".")}`;
}

function keyOfPid(pid: Pid): string {
  return `${pid.creation}.${pid.id}.${pid.serial}`;
}
