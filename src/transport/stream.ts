/** Any stream of Node.js as a transport: the channel of an SSH connection, a Unix socket, a proxy's tunnel. */

import { Duplex } from "node:stream";
import { UsageError } from "../errors.ts";
import { ConnectionLostError } from "./errors.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** A duplex stream that is connected, as a {@link Transport}. */
export class StreamTransport implements Transport {
  readonly remote: string;
  /** Whether it is TLS, over which nodes greet each other in another framing. */
  readonly secure: boolean;
  readonly #stream: Duplex;
  #handler: TransportHandler | undefined;
  #error: Error | undefined;
  #closed: boolean;

  /** @param remote names the other end in messages */
  constructor(stream: Duplex, remote: string) {
    if (!(stream instanceof Duplex)) throw new UsageError("a link needs a duplex stream");
    this.remote = remote;
    this.#stream = stream;
    this.secure = "encrypted" in stream && stream.encrypted === true;
    this.#closed = stream.destroyed;
    stream
      .on("drain", () => this.#handler?.drain())
      .on("end", () => stream.end())
      .on("error", (error) => {
        this.#error ??= error;
      })
      .on("close", () => {
        this.#closed = true;
        this.#tellClosed();
      });
  }

  start(handler: TransportHandler): void {
    if (this.#handler !== undefined) throw new UsageError("this transport was started before");
    this.#handler = handler;
    if (this.#closed) queueMicrotask(() => this.#tellClosed());
    // A stream may be set to give texts or objects, which are no bytes.
    else this.#stream.on("data", (chunk: unknown) => this.#data(chunk));
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#stream.destroyed || this.#stream.writableEnded) return false;
    this.#stream.cork();
    let more = true;
    for (const chunk of chunks) more = this.#stream.write(chunk);
    this.#stream.uncork();
    return more;
  }

  end(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.once("close", () => resolve());
      this.#stream.end();
      this.#stream.resume(); // else the other side's end would never be read
    });
  }

  unref(): void {
    const { unref } = this.#stream as { unref?: () => void };
    unref?.call(this.#stream);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #data(chunk: unknown): void {
    if (chunk instanceof Uint8Array) this.#handler?.data(chunk);
    else this.#stream.destroy(new UsageError("a stream that gives no bytes cannot carry a link"));
  }

  #tellClosed(): void {
    const error = this.#error;
    this.#handler?.closed(
      error === undefined ? undefined : new ConnectionLostError(this.remote, error),
    );
  }
}
