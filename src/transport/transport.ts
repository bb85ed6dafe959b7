/** What a carrier of bytes is to the rooms below: made connected, silent until started, closed once. */

import type { BeamError } from "../errors.ts";

/** Who is told what happens on a {@link Transport}. */
export interface TransportHandler {
  /** Bytes arrived. The chunk is valid only during this call: its memory is used again for the next one. */
  data(chunk: Uint8Array): void;
  /** A {@link Transport.write} had returned `false`, and what was written has left since. */
  drain(): void;
  /** The last call of all: the transport is closed, with an error unless either side ended it in order. */
  closed(error?: BeamError): void;
}

/** A connected, ordered, reliable stream of bytes in both directions. */
export interface Transport {
  /** The other end, for messages: `host:port`. */
  readonly remote: string;
  /** Begins to read; nothing that arrived before is lost. Called once. */
  start(handler: TransportHandler): void;
  /** Writes the chunks in order with as few system calls as can be; they must not be changed afterwards. `false` asks to wait for `drain`. */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Lets what was written leave, then closes; resolves when closed, which waits for the other side. */
  end(): Promise<void>;
  /** From now on it does not keep this process running. */
  unref(): void;
  /** Closes at once; what has not left is lost. */
  destroy(): void;
}
