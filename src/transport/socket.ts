/** A socket of Node.js as a transport: with `tcp.ts` and `tls.ts` the only files that hold one. */

import { Socket } from "node:net";
import { type BeamError, UsageError } from "../errors.ts";
import { ConnectionLostError } from "./errors.ts";
import { TlsError } from "./tls-error.ts";
import type { Transport, TransportHandler } from "./transport.ts";

const SLAB_BYTES = 65_536;

/** A socket as a {@link Transport}; it reads into one slab that is used again for each chunk. */
export class SocketTransport implements Transport {
  readonly remote: string;
  /** For those who connect it, until it is connected. */
  readonly socket: Socket;
  #handler: TransportHandler | undefined;
  #error: Error | undefined;
  #closed = false;

  constructor(remote: string, accepted?: Socket) {
    this.remote = remote;
    this.socket = accepted ?? this.#slabSocket();
    accepted?.on("data", (chunk: Buffer) => this.#handler?.data(chunk)); // a server's have no slab
    this.socket.pause(); // before the connection, or what arrives ahead of start() would be lost
    this.socket
      .on("drain", () => this.#handler?.drain())
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
    else this.socket.resume();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.socket.destroyed || this.socket.writableEnded) return false;
    this.socket.cork();
    let more = true;
    for (const chunk of chunks) more = this.socket.write(chunk);
    this.socket.uncork();
    return more;
  }

  end(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.end();
      this.socket.resume(); // else the other side's end would never be read
    });
  }

  unref(): void {
    this.socket.unref();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #slabSocket(): Socket {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(SLAB_BYTES),
      callback: (count: number, slab: Uint8Array): boolean => {
        this.#handler?.data(slab.subarray(0, count));
        return true;
      },
    };
    // `onread` is missing in the types of this constructor, which takes it as `net.connect` does.
    return new Socket({ onread } as ConstructorParameters<typeof Socket>[0]);
  }

  #tellClosed(): void {
    const error = this.#error;
    this.#handler?.closed(error === undefined ? undefined : whyLost(this.remote, error));
  }
}

// In TLS 1.3 a certificate is refused only after the connection is made.
function whyLost(remote: string, cause: Error): BeamError {
  const code = "code" in cause ? String(cause.code) : "";
  return code.startsWith("ERR_SSL")
    ? new TlsError(remote, cause)
    : new ConnectionLostError(remote, cause);
}
