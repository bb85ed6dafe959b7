/** TCP: the only file that holds a socket. */

import { type AddressInfo, createServer, isIPv6, Socket } from "node:net";
import { AbortedError, UsageError } from "../errors.ts";
import { ConnectionLostError, ConnectTimeoutError, connectError, ListenError } from "./errors.ts";
import { after } from "./timer.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** Where to connect to. */
export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for name lookup and connection together. Default 5000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An open listening socket. */
export interface TcpListener {
  readonly port: number;
  /** Stops accepting; what was accepted lives on. */
  close(): Promise<void>;
}

const SLAB_BYTES = 65_536;
const CONNECT_TIMEOUT = 5_000;

/**
 * Connects without Nagle's delay.
 * @throws HostNotFoundError ConnectionRefusedError ConnectTimeoutError ConnectFailedError
 * @throws AbortedError when the signal fires first
 */
export function connectTcp(options: TcpOptions): Promise<Transport> {
  const { host, port, timeout = CONNECT_TIMEOUT, signal } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return Promise.reject(new UsageError(`${port} is no TCP port`));
  }
  const what = `connecting to ${host}:${port}`;
  if (signal?.aborted) return Promise.reject(new AbortedError(what, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    const transport = new TcpTransport(`${isIPv6(host) ? `[${host}]` : host}:${port}`);
    const socket = transport.socket;
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket.off("error", failed).off("connect", connected);
      if (error === undefined) {
        resolve(transport);
        return;
      }
      transport.destroy();
      reject(error);
    };
    const connected = (): void => settle();
    const failed = (cause: Error): void => settle(connectError(host, port, cause));
    const aborted = (): void => settle(new AbortedError(what, { cause: signal?.reason }));
    const timer = after(timeout, () => settle(new ConnectTimeoutError(transport.remote, timeout)));
    signal?.addEventListener("abort", aborted);
    socket.on("error", failed).on("connect", connected);
    socket.setNoDelay(true); // Node ignores the option of this name in connect()
    socket.connect({ host, port });
  });
}

/**
 * Listens for connections and hands each over unstarted. Default host `127.0.0.1`, default port a free one.
 * @throws ListenError
 */
export function listenTcp(
  accept: (transport: Transport) => void,
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      accept(new TcpTransport(`${socket.remoteAddress}:${socket.remotePort}`, socket));
    });
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

/** A socket as a {@link Transport}; it reads into one slab that is used again for each chunk. */
class TcpTransport implements Transport {
  readonly remote: string;
  /** For {@link connectTcp} alone, until it is connected. */
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
    this.#handler?.closed(
      error === undefined ? undefined : new ConnectionLostError(this.remote, error),
    );
  }
}
