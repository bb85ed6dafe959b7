/** The processes of our node: small state machines in a slot table, found by pid or by reference without hashing. */

import type { Extras } from "../dist/index.ts";
import { type BeamError, LimitError } from "../errors.ts";
import { type Atom, atom, Pid, Reference, type Term } from "../term/index.ts";
import type { Deadline } from "./timer-wheel.ts";

/** A term that is decoded when somebody wants it. */
export interface Encoded {
  readonly byteLength: number;
  /** Makes it last beyond the signal that brings it. */
  keep(): Encoded;
  decode(): Term;
}

/** A term that is here already, as one that arrived in so many bytes. */
export function present(term: Term, byteLength = 0): Encoded {
  const made: Encoded = { byteLength, keep: () => made, decode: () => term };
  return made;
}

/** The link that a message came over. */
export interface Via {
  readonly peer: { readonly name: string };
  /** Aborts when the link is over. */
  readonly signal: AbortSignal;
  readonly congested: boolean;
  /** Resolves when the other side reads what waits for it; rejects when the link is over. */
  drained(): Promise<void>;
}

/** Answers when what is asked for can be sent: who reads slowly is answered slowly, and not cut off for large answers. */
export async function whenRoom(via: Via | undefined, answer: () => void): Promise<void> {
  try {
    // Again after each wait, since others may have waited for the same room.
    while (via?.congested === true) await via.drained();
  } catch {
    // The link is over, and nobody hears it.
  }
  answer();
}

/** Who hears of the end of a process. */
export interface Watching {
  ended(process: LocalProcess, reason: Term): void;
}

/** Something with a pid that signals of other nodes reach: a call, a monitor, a mailbox. Unwanted signals are ignored. */
export abstract class LocalProcess implements Deadline {
  hook?: Deadline["hook"];
  /** @internal Set by {@link Processes.enter}. */
  address: Address | undefined;
  /** @internal The link that it lives and dies with, whose signals alone reach it; `undefined` for one of the whole node. */
  owner: object | undefined;
  /** @internal Its name, if it has one. */
  registered: Atom | undefined;
  /** @internal The links on which somebody watches it. */
  watching: Set<Watching> | undefined;

  /** Whether processes of our own can send to it; what waits for an answer from elsewhere is not to be answered here. */
  get addressable(): boolean {
    return false;
  }

  /** A message to our pid; `via` is the link that it came over, `undefined` from a process of ours. */
  message(_payload: Encoded, _extras: Extras, _via: Via | undefined): void {}

  /** A message to an alias of ours; `position` is that of {@link Processes.refOf}. */
  aliased(_position: number, _payload: Encoded, _extras: Extras): void {}

  /** A monitored process is gone; `position` is that of {@link refOf}. */
  down(_position: number, _reason: Encoded): void {}

  /** The answer to a spawn request: the pid, or the reason as an atom. */
  spawned(_position: number, _result: Pid | Atom): void {}

  /** An exit signal; `linked` when it comes over a link, else somebody sent it. */
  exit(_from: Pid, _reason: Encoded, _linked: boolean): void {}

  /** Our time is up. */
  expired(): void {}

  /** A signal to us cannot be read: its bytes are no term, or beyond the limits. */
  broken(error: BeamError): void {
    this.lost(error);
  }

  /** The link is gone, and this process with it. */
  abstract lost(error: BeamError): void;
}

/** Where a process is in the table, and the pid that follows from it. */
export interface Address {
  readonly index: number;
  readonly generation: number;
  readonly pid: Pid;
}

/** Most processes at a time: the first word of a reference has 18 bits on older nodes. */
export const MAX_PROCESSES = 262_143;

/** How many slots rest before one is used again, while there is room. */
const RESTING = 1_024;

const GENERATIONS = 0x1_0000_0000;

/**
 * The slot table. Index and generation make the pid (id, serial) and two of a reference's words, so a late signal to a
 * slot that somebody else has by now is told apart by its generation.
 */
export class Processes {
  readonly node: Atom;
  readonly creation: number;
  /** The pid that messages from no process in particular come from. */
  readonly nobody: Pid;
  readonly #wide: boolean;
  readonly #slots: (LocalProcess | undefined)[] = [undefined]; // slot 0 stays empty: <0.0> is odd in every log
  readonly #generations: number[] = [0];
  readonly #free: number[] = [];
  #nextFree = 0;

  /** `wide` when the peer has V4_NC: older nodes take 15 bits of id and 13 bits of serial. */
  constructor(name: string, creation: number, wide: boolean) {
    this.node = atom(name);
    this.creation = creation;
    this.nobody = new Pid(this.node, 0, 0, creation);
    this.#wide = wide;
  }

  /** Whether there is no room for another. */
  get full(): boolean {
    return this.size >= MAX_PROCESSES;
  }

  /** How many processes there are. */
  get size(): number {
    return this.#slots.length - 1 - (this.#free.length - this.#nextFree);
  }

  /**
   * Gives the process its pid.
   * @param owner the link that it belongs to, if it does
   * @throws LimitError when {@link MAX_PROCESSES} exist
   */
  enter(process: LocalProcess, owner?: object): Pid {
    let index = this.#takeFree();
    if (index === undefined) {
      if (this.#slots.length > MAX_PROCESSES) {
        throw new LimitError(`more than ${MAX_PROCESSES} calls, monitors and mailboxes at a time`);
      }
      index = this.#slots.length;
      this.#slots.push(undefined);
      this.#generations.push(0);
    }
    const generation = this.#generations[index] as number;
    const pid = this.#pid(index, generation);
    this.#slots[index] = process;
    process.address = { index, generation, pid };
    process.owner = owner;
    return pid;
  }

  /** Takes the process out; harmless when it is out. */
  leave(process: LocalProcess): void {
    const address = process.address;
    if (address === undefined) return;
    const { index, generation } = address;
    process.address = undefined;
    process.owner = undefined;
    this.#slots[index] = undefined;
    this.#generations[index] = (generation + 1) % GENERATIONS;
    this.#free.push(index);
  }

  /** The reference of a process for its monitor or request number `position`. */
  refOf(process: LocalProcess, position = 0): Reference {
    const { index, generation } = process.address as Address;
    return new Reference(this.node, this.creation, [index, generation, position]);
  }

  /** The process with this pid. */
  byPid(pid: Pid): LocalProcess | undefined {
    if (pid.node !== this.node || pid.creation !== this.creation) return undefined;
    if (this.#wide) return this.#at(pid.id, pid.serial);
    const found = this.#slots[pid.id | ((pid.serial & 7) << 15)];
    const own = found?.address?.pid;
    return own?.id === pid.id && own.serial === pid.serial ? found : undefined;
  }

  /** The process that made this reference; its position is the third word. */
  byRef(ref: Reference): LocalProcess | undefined {
    if (ref.node !== this.node || ref.creation !== this.creation || ref.ids.length < 3) {
      return undefined;
    }
    return this.#at(ref.ids[0] as number, ref.ids[1] as number);
  }

  /** Takes out the processes of this owner, or all without one, and tells each that it is over. */
  lost(error: BeamError, owner?: object): void {
    const all: LocalProcess[] = [];
    for (const process of this.#slots) {
      if (process !== undefined && (owner === undefined || process.owner === owner)) {
        all.push(process);
      }
    }
    for (const process of all) this.leave(process);
    for (const process of all) process.lost(error);
  }

  // Narrow pids have few generations, so a slot rests for long before somebody else has it.
  #takeFree(): number | undefined {
    if (this.#wide) return this.#free.pop();
    const rests = this.#free.length - this.#nextFree;
    if (rests === 0) return undefined;
    if (rests <= RESTING && this.#slots.length <= MAX_PROCESSES) return undefined;
    const index = this.#free[this.#nextFree++];
    if (this.#nextFree >= RESTING) {
      this.#free.splice(0, this.#nextFree);
      this.#nextFree = 0;
    }
    return index;
  }

  #at(index: number, generation: number): LocalProcess | undefined {
    return this.#generations[index] === generation ? this.#slots[index] : undefined;
  }

  #pid(index: number, generation: number): Pid {
    if (this.#wide) return new Pid(this.node, index, generation, this.creation);
    // 15 bits of id; the serial's 13 bits hold the rest of the index and the low bits of the generation.
    const serial = (index >>> 15) | ((generation & 0x3ff) << 3);
    return new Pid(this.node, index & 0x7fff, serial, this.creation);
  }
}
