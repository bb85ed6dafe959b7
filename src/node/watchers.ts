/** Who on the other node monitors or is linked to processes of ours, so that they hear of the end. */

import { LimitError } from "../errors.ts";
import { Atom, atom, type Pid, type Reference } from "../term/index.ts";
import { REGISTERED } from "./inbound.ts";
import type { Link } from "./link.ts";
import type { LocalProcess } from "./processes.ts";

interface Watcher {
  readonly by: Pid;
  /** The monitor; `undefined` for a link. */
  readonly ref: Reference | undefined;
}

/** Most monitors and links from the other side at a time; to more of them nobody is there. */
const MAX_WATCHERS = 262_143;

const NOPROC = atom("noproc");
const NORMAL = atom("normal");

/** The monitors and links from there to here. They end with our process, or with the link. */
export class Watchers {
  readonly #link: Link;
  readonly #watched = new Map<LocalProcess, Map<string, Watcher>>();
  #count = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** A process there monitors one of ours, by pid or by name; one that does not exist is down at once. */
  monitor(by: Pid, target: Pid | Atom, ref: Reference): void {
    if (target instanceof Atom) {
      if (!REGISTERED.has(target)) this.#link.exited(target, by, ref, NOPROC);
      return;
    }
    if (!this.#add(target, keyOfRef(ref), { by, ref })) this.#link.exited(target, by, ref, NOPROC);
  }

  demonitor(target: Pid | Atom, ref: Reference): void {
    if (!(target instanceof Atom)) this.#remove(target, keyOfRef(ref));
  }

  /** A process there links to one of ours. */
  link(by: Pid, target: Pid): void {
    if (!this.#add(target, keyOfPid(by), { by, ref: undefined })) {
      this.#link.exited(target, by, undefined, NOPROC);
    }
  }

  unlink(by: Pid, target: Pid): void {
    this.#remove(target, keyOfPid(by));
  }

  /** One of ours ends: all who watch it are told `normal`. Never throws. */
  ended(process: LocalProcess): void {
    const watchers = this.#watched.get(process);
    const pid = process.address?.pid;
    if (watchers === undefined || pid === undefined) return;
    this.#watched.delete(process);
    this.#count -= watchers.size;
    if (this.#link.down !== undefined) return;
    try {
      for (const { by, ref } of watchers.values()) this.#link.exited(pid, by, ref, NORMAL);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error; // the other side does not read: it will hear of the link's end
    }
  }

  #add(target: Pid, key: string, watcher: Watcher): boolean {
    const process = this.#link.processes.byPid(target);
    if (process === undefined || this.#count >= MAX_WATCHERS) return false;
    const known = this.#watched.get(process);
    if (known?.has(key) !== true) this.#count += 1;
    if (known === undefined) this.#watched.set(process, new Map([[key, watcher]]));
    else known.set(key, watcher);
    return true;
  }

  #remove(target: Pid, key: string): void {
    const process = this.#link.processes.byPid(target);
    const known = process === undefined ? undefined : this.#watched.get(process);
    if (process === undefined || known === undefined) return;
    if (known.delete(key)) this.#count -= 1;
    if (known.size === 0) this.#watched.delete(process);
  }
}

function keyOfRef(ref: Reference): string {
  return `r${ref.creation}.${ref.ids.join(".")}`;
}

function keyOfPid(pid: Pid): string {
  return `p${pid.creation}.${pid.id}.${pid.serial}`;
}
