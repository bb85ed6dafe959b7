/** Bits one after another, as the segments of `<<...>>` write them. */

import { MAX_BINARY_BYTES } from "./limits.ts";
import { Bitstring } from "./values.ts";

/** Grows up to {@link MAX_BINARY_BYTES}. */
export class BitWriter {
  #bytes = new Uint8Array(64);
  #bits = 0;

  /** Whether so many more bits are allowed. */
  fits(bits: number): boolean {
    return this.#bits + bits <= MAX_BINARY_BYTES * 8;
  }

  /** The first `bits` bits of `bytes`. */
  append(bytes: Uint8Array, bits: number): void {
    this.#reserve(bits);
    const shift = this.#bits % 8;
    let at = (this.#bits - shift) / 8;
    const whole = Math.ceil(bits / 8);
    if (shift === 0) {
      this.#bytes.set(bytes.subarray(0, whole), at);
    } else {
      for (let index = 0; index < whole; index++) {
        const byte = bytes[index] as number;
        this.#bytes[at++]! |= byte >> shift;
        this.#bytes[at] = (byte << (8 - shift)) & 0xff;
      }
    }
    this.#bits += bits;
    this.#clearUnused();
  }

  /** The lowest `bits` bits of `value`. */
  integer(value: number | bigint, bits: number, little: boolean): void {
    if (bits === 0) return;
    const count = Math.ceil(bits / 8);
    const rest = bits % 8;
    const low = BigInt.asUintN(bits, BigInt(value));
    // Big-endian bits begin at the top of the first byte; in little-endian only the last byte is moved to its top.
    const shifted = little || rest === 0 ? low : low << BigInt(8 - rest);
    const bytes = Buffer.from(shifted.toString(16).padStart(count * 2, "0"), "hex");
    if (little) {
      bytes.reverse();
      if (rest !== 0) bytes[count - 1] = (bytes[count - 1] as number) << (8 - rest);
    }
    this.append(bytes, bits);
  }

  /** What has been written: a binary when it ends on a whole byte. */
  finish(): Uint8Array | Bitstring {
    const bytes = this.#bytes.slice(0, Math.ceil(this.#bits / 8));
    return this.#bits % 8 === 0 ? bytes : new Bitstring(bytes, this.#bits % 8);
  }

  #reserve(bits: number): void {
    const needed = Math.ceil((this.#bits + bits) / 8) + 1;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  // The next append mixes its first bits into the last byte, so what lies behind the end must be zero.
  #clearUnused(): void {
    const used = this.#bits % 8;
    const at = (this.#bits - used) / 8;
    this.#bytes[at] = used === 0 ? 0 : (this.#bytes[at] as number) & (0xff << (8 - used));
  }
}
