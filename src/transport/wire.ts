/** A socket for one who stands between two others: closed by half, reset, read or not, which a {@link Transport} hides. */

import { type AddressInfo, createServer, isIPv6, Socket } from "node:net";
import { connectError, ListenError } from "./errors.ts";
import type { TcpListener } from "./tcp.ts";

/** Who is told what happens on a {@link Wire}. */
export interface WireHandler {
  /** Bytes arrived; they are the handler's to keep. */
  data(chunk: Buffer): void;
  /** A {@link Wire.write} had returned `false`, and what was written has left since. */
  drain(): void;
  /** The other end will say no more. It may still read. */
  ended(): void;
  /** The last call of all; `reset` when the other end did not close in order. */
  closed(reset: boolean): void;
}

/** One end of a TCP connection, half of which may be closed. */
export class Wire {
  readonly #socket: Socket;
  #handler: WireHandler | undefined;
  #reset = false;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket
      .on("data", (chunk: Buffer) => this.#handler?.data(chunk))
      .on("drain", () => this.#handler?.drain())
      .on("end", () => this.#handler?.ended())
      .on("error", () => {
        this.#reset = true;
      })
      .on("close", () => {
        this.#closed = true;
        this.#handler?.closed(this.#reset);
      })
      .pause();
  }

  /** The address of ours that the other end is connected to. */
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  /** Begins to read. Called once. */
  start(handler: WireHandler): void {
    this.#handler = handler;
    if (this.#closed) queueMicrotask(() => handler.closed(this.#reset));
    else this.#socket.resume();
  }

  /** `false` asks to wait for `drain`. What is written to a closed wire is lost. */
  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return true;
    if (chunks.length === 1) return socket.write(chunks[0] as Uint8Array);
    socket.cork();
    let more = true;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  /** Stops reading: the other end's bytes fill the kernel's buffers, and nothing tells of its end. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says no more, once what was written has left; goes on reading. */
  end(): void {
    this.#socket.end();
  }

  /** Closes at once, as one who does not exist any more. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** As {@link listenTcp}, for wires. @throws ListenError */
export function listenWires(
  accept: (wire: Wire) => void,
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      accept(new Wire(socket)),
    );
    server.once("error", (cause) => reject(new ListenError(`${host}:${port}`, cause)));
    server.listen({ host, port }, () => {
      const address = server.address() as AddressInfo;
      resolve({
        port: address.port,
        close: () => new Promise((done) => void server.close(() => done())),
      });
    });
  });
}

/** Connects. @throws HostNotFoundError ConnectionRefusedError ConnectFailedError */
export function dialWire(host: string, port: number): Promise<Wire> {
  const socket = new Socket({ allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(connectError(isIPv6(host) ? `[${host}]` : host, port, cause));
    socket.once("error", failed).once("connect", () => {
      socket.off("error", failed);
      resolve(new Wire(socket));
    });
    socket.connect({ host, port });
  });
}
