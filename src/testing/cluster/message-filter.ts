/** Cuts one direction of a link into messages, and passes on those that no fault is done to. */

import { FrameSplitter } from "../../dist/frames.ts";
import { BeamError } from "../../errors.ts";
import { keyOf } from "../../term/index.ts";
import { type DistMessage, type MessageReader, senderOf } from "./message.ts";
import type { MessageFault } from "./message-fault.ts";

/** Whom a filter tells and asks. */
export interface FilterHost {
  /** Whole messages, to pass on. */
  pass(chunks: readonly Buffer[]): void;
  /** The faults that are set for this direction, in the order in which they were set. */
  faults(): readonly MessageFault[];
  did(what: "dropped" | "delayed", message: DistMessage): void;
  /** A message that cannot be read: it has passed. */
  unread(error: BeamError): void;
}

interface Held {
  readonly bytes: Buffer;
  readonly sender: unknown;
  readonly due: number;
}

/** A message may be so long: more would not fit into memory. */
const MAX_FRAME = 1024 * 1024 * 1024;

/** Drops and delays messages. What one process sends stays in order: behind a message that is late its next ones wait. */
export class MessageFilter {
  readonly #frames = new FrameSplitter(4, MAX_FRAME);
  readonly #reader: MessageReader;
  readonly #host: FilterHost;
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: MessageReader, host: FilterHost) {
    this.#reader = reader;
    this.#host = host;
  }

  /** @returns false when the stream cannot be followed any further */
  push(chunk: Buffer): boolean {
    const out: Buffer[] = [];
    let [from, to] = [0, 0]; // a stretch of the chunk that passes as it is
    const flush = (): void => {
      if (to > from) out.push(chunk.subarray(from, to));
      from = to = 0;
    };
    const tooLong = this.#frames.push(chunk, (frame, owned) => {
      const passes = frame.length === 0 || !this.#stops(frame);
      const start = frame.byteOffset - chunk.byteOffset - 4;
      if (owned || frame.buffer !== chunk.buffer || start < 0) {
        flush();
        if (passes) out.push(lengthOf(frame), frame);
        return true;
      }
      if (!passes) {
        flush();
        return true;
      }
      if (to === 0) from = start;
      to = start + 4 + frame.length;
      return true;
    });
    flush();
    if (out.length > 0) this.#host.pass(out);
    return tooLong === undefined;
  }

  /** What is late comes now. */
  release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const late = this.#held.map(({ bytes }) => bytes);
    this.#held = [];
    if (late.length > 0) this.#host.pass(late);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #stops(frame: Buffer): boolean {
    const faults = this.#host.faults();
    if (this.#held.length === 0 && !faults.some(({ active }) => active)) return false;
    let message: DistMessage;
    try {
      message = this.#reader.read(frame);
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      this.#host.unread(error);
      return false;
    }
    const fault = faults.find((one) => one.takes(message));
    if (fault !== undefined && fault.late === undefined) {
      this.#host.did("dropped", message);
      return true;
    }
    const pid = senderOf(message);
    const sender = pid === undefined ? undefined : keyOf(pid);
    const before = this.#held.findLast(
      (held) => sender === undefined || held.sender === undefined || held.sender === sender,
    );
    if (fault === undefined && before === undefined) return false;
    if (fault !== undefined) this.#host.did("delayed", message);
    const due = Math.max(
      before?.due ?? 0,
      fault === undefined ? 0 : performance.now() + (fault.late ?? 0),
    );
    this.#held.push({ bytes: withLength(frame), sender, due });
    this.#wait();
    return true;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const due = this.#held.filter((held) => held.due <= now);
    if (due.length > 0) {
      this.#held = this.#held.filter((held) => held.due > now);
      this.#host.pass(due.map(({ bytes }) => bytes));
    }
    const next = Math.min(...this.#held.map((held) => held.due));
    if (this.#held.length > 0)
      this.#timer = setTimeout(() => this.#wait(), Math.max(1, next - now));
  }
}

function lengthOf(frame: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(frame.length);
  return bytes;
}

function withLength(frame: Buffer): Buffer {
  return Buffer.concat([lengthOf(frame), frame]);
}
