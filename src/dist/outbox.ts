/** What is to be written: small messages first, large ones in fragments that take turns, so that none blocks the others. */

import type { Atom } from "../term/index.ts";
import { SentAtoms } from "./atom-cache.ts";

const FRAGMENT = 64 * 1024;
/** So many items that were taken are cut off a queue at once. */
const COMPACT = 1024;
const FRAGMENT_HEAD = 4 + 2 + 8 + 8;
/** 131, 68 */
const DIST_HEADER = 0x8344;
const PASS_THROUGH = Uint8Array.of(112, 131);
const VERSION = Uint8Array.of(131);
const NOTHING = new Uint8Array(0);

/** One message, as encoded terms. */
export interface Message {
  readonly control: Uint8Array;
  readonly parts: Uint8Array[];
  /** The atoms that the terms have by number, when the link has an atom cache. */
  readonly atoms: readonly Atom[];
}

/** A message that is being sent in fragments. */
interface Sequence extends Message {
  readonly sender: string;
  readonly id: bigint;
  part: number;
  offset: number;
  left: number;
  fragments: number;
  first: boolean;
}

/** What waits behind a large message of the same sender, from `next` on. */
interface Queue {
  readonly items: Message[];
  next: number;
}

/** Queues frames. Two messages of one sender never overtake each other: the second waits until the first is out. */
export class Outbox {
  readonly fragmenting: boolean;
  readonly #headers: boolean;
  #ready: Uint8Array[] = [];
  #sequences: Sequence[] = [];
  readonly #behind = new Map<string, Queue>();
  readonly #cache = new SentAtoms();
  #lastId = 0n;
  #bytes = 0;

  /**
   * @param headers whether a distribution header goes before each message: a peer that has agreed to them takes nothing else
   * @param fragmenting whether the peer can put fragments together
   */
  constructor(headers: boolean, fragmenting: boolean) {
    this.#headers = headers;
    this.fragmenting = fragmenting;
  }

  /** Bytes that wait to be taken, without the heads of fragments; 0 only when nothing waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A tick is a frame of length 0. */
  tick(): void {
    this.#ready.push(new Uint8Array(4));
    this.#bytes += 4;
  }

  add(sender: string, message: Message): void {
    this.#bytes += message.control.length + lengthOf(message.parts);
    const queue = this.#behind.get(sender);
    if (queue === undefined) this.#start(sender, message, { items: [], next: 0 });
    else queue.items.push(message);
  }

  /** Takes pieces to write, in order; at least one frame, then no more than `maxBytes` beside small messages. */
  take(maxBytes: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    let taken = this.#takeReady(out);
    while (this.#sequences.length > 0 && taken < maxBytes) {
      const sequence = this.#sequences.shift() as Sequence;
      taken += this.#fragment(sequence, out);
      if (sequence.left > 0) this.#sequences.push(sequence);
      else this.#finished(sequence.sender);
      // What waited behind a finished one may be small, and small ones go first.
      taken += this.#takeReady(out);
    }
    return out;
  }

  #takeReady(out: Uint8Array[]): number {
    let taken = 0;
    for (const piece of this.#ready) {
      out.push(piece);
      taken += piece.length;
    }
    this.#ready = [];
    this.#bytes -= taken;
    return taken;
  }

  /** `queue` is what already waits behind it. */
  #start(sender: string, message: Message, queue: Queue): void {
    const { control, parts, atoms } = message;
    const bytes = lengthOf(parts);
    if (!this.fragmenting || bytes <= FRAGMENT) {
      const start = this.#headers ? this.#cache.header(atoms) : PASS_THROUGH;
      const version = this.#headers || bytes === 0 ? NOTHING : VERSION;
      const fixed = this.#headers ? 2 : 0;
      const extra = fixed + start.length + version.length;
      const front = Buffer.allocUnsafe(4 + extra + control.length);
      front.writeUInt32BE(extra + control.length + bytes);
      if (this.#headers) front.writeUInt16BE(DIST_HEADER, 4);
      front.set(start, 4 + fixed);
      front.set(control, 4 + fixed + start.length);
      front.set(version, front.length - version.length);
      this.#ready.push(front, ...parts);
      this.#bytes += 4 + extra;
      return;
    }
    this.#behind.set(sender, queue);
    this.#sequences.push({
      ...message,
      sender,
      id: ++this.#lastId,
      part: 0,
      offset: 0,
      left: bytes,
      fragments: Math.ceil(bytes / FRAGMENT),
      first: true,
    });
  }

  #finished(sender: string): void {
    const queue = this.#behind.get(sender) as Queue;
    this.#behind.delete(sender);
    while (queue.next < queue.items.length && !this.#behind.has(sender)) {
      this.#start(sender, queue.items[queue.next++] as Message, queue);
    }
    if (queue.next < COMPACT) return;
    queue.items.splice(0, queue.next);
    queue.next = 0;
  }

  #fragment(sequence: Sequence, out: Uint8Array[]): number {
    const size = Math.min(FRAGMENT, sequence.left);
    // The cache is filled in the order in which frames leave.
    const header = sequence.first ? this.#cache.header(sequence.atoms) : NOTHING;
    const extra = header.length + (sequence.first ? sequence.control.length : 0);
    const head = Buffer.alloc(FRAGMENT_HEAD);
    head.writeUInt32BE(FRAGMENT_HEAD - 4 + extra + size);
    head.set([131, sequence.first ? 69 : 70], 4);
    head.writeBigUInt64BE(sequence.id, 6);
    head.writeBigUInt64BE(BigInt(sequence.fragments), 14);
    out.push(head);
    this.#bytes -= size;
    if (sequence.first) {
      out.push(header, sequence.control);
      this.#bytes -= sequence.control.length;
    }
    sequence.first = false;
    sequence.fragments--;
    sequence.left -= size;
    for (let wanted = size; wanted > 0; ) {
      const part = sequence.parts[sequence.part] as Uint8Array;
      const piece = part.subarray(sequence.offset, sequence.offset + wanted);
      out.push(piece);
      wanted -= piece.length;
      sequence.offset += piece.length;
      if (sequence.offset === part.length) {
        sequence.part++;
        sequence.offset = 0;
      }
    }
    return FRAGMENT_HEAD + extra + size;
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
