/** Cuts a stream of bytes into frames; only a frame that crosses chunks is put together, once, at its full size. */

/** `Length:2|4 Bytes`. The frames that are handed out are views: of the chunk, or of a buffer of their own. */
export class FrameSplitter {
  #lengthBytes: 2 | 4;
  readonly #maxFrame: number;
  readonly #head = Buffer.alloc(4);
  #headFilled = 0;
  #frame: Buffer | undefined;
  #filled = 0;

  constructor(lengthBytes: 2 | 4, maxFrame: number) {
    this.#lengthBytes = lengthBytes;
    this.#maxFrame = maxFrame;
  }

  /** After the handshake lengths have four bytes. */
  widen(): void {
    this.#lengthBytes = 4;
  }

  /**
   * Hands over each whole frame of `chunk`; `owned` tells that it is a buffer of its own and need not be copied to be kept. Stops
   * when `take` returns false.
   * @returns the length of a frame that is over the limit, else undefined
   */
  push(chunk: Buffer, take: (frame: Buffer, owned: boolean) => boolean): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        const copied = chunk.copy(this.#frame, this.#filled, at);
        at += copied;
        this.#filled += copied;
        if (this.#filled < this.#frame.length) return undefined;
        const whole = this.#frame;
        this.#frame = undefined;
        if (!take(whole, true)) return undefined;
        continue;
      }
      let length: number;
      if (this.#headFilled === 0 && chunk.length - at >= this.#lengthBytes) {
        length = chunk.readUIntBE(at, this.#lengthBytes);
        at += this.#lengthBytes;
      } else {
        this.#head[this.#headFilled++] = chunk[at++] as number;
        if (this.#headFilled < this.#lengthBytes) continue;
        length = this.#head.readUIntBE(0, this.#lengthBytes);
        this.#headFilled = 0;
      }
      if (length > this.#maxFrame) return length;
      if (chunk.length - at >= length) {
        const frame = chunk.subarray(at, at + length);
        at += length;
        if (!take(frame, false)) return undefined;
      } else {
        this.#frame = Buffer.allocUnsafe(length);
        this.#filled = 0;
      }
    }
    return undefined;
  }
}
