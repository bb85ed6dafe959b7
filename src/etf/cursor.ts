/** A place in bytes, from which big-endian numbers are read and never past the end. */

import type { Destination } from "./destination.ts";
import { DecodeError } from "./errors.ts";

export class Cursor {
  /** Where the next byte is read. */
  offset: number;
  readonly bytes: Uint8Array;
  readonly sender: Destination | undefined;

  constructor(bytes: Uint8Array, offset: number, sender?: Destination) {
    this.sender = sender;
    // A Buffer is another class: parts of it would be Buffers, and reading from both kinds is slower.
    this.bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  /** A byte. */
  u8(): number {
    const { offset } = this;
    if (offset >= this.bytes.length) throw this.short();
    this.offset = offset + 1;
    return this.bytes[offset] as number;
  }

  /** Two bytes, unsigned. */
  u16(): number {
    const { bytes, offset } = this;
    this.need(2);
    this.offset = offset + 2;
    return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
  }

  /** Four bytes, signed. */
  i32(): number {
    const { bytes, offset } = this;
    this.need(4);
    this.offset = offset + 4;
    return (
      ((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)
    );
  }

  /** Four bytes, unsigned. */
  u32(): number {
    return this.i32() >>> 0;
  }

  /** Steps over so many bytes and answers where they began. */
  skip(count: number): number {
    const { offset } = this;
    this.need(count);
    this.offset = offset + count;
    return offset;
  }

  /** @throws DecodeError when fewer bytes are left */
  need(count: number): void {
    if (count > this.bytes.length - this.offset) throw this.short();
  }

  /** The error for bytes that are wrong here, to be thrown. */
  fail(message: string, remedy?: string): DecodeError {
    return new DecodeError(message, this.offset, remedy);
  }

  /** The error for bytes that are too few, to be thrown. */
  short(): DecodeError {
    return new DecodeError("the bytes end within a term", this.bytes.length);
  }
}
