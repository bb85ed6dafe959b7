/** TCP. */

import { type AddressInfo, createServer, isIPv6 } from "node:net";
import { AbortedError, UsageError } from "../errors.ts";
import { ConnectTimeoutError, connectError, ListenError, PlainLinkError } from "./errors.ts";
import { staysHere } from "./local.ts";
import { SocketTransport } from "./socket.ts";
import { after } from "./timer.ts";
import type { Transport } from "./transport.ts";

/** Where to connect to. */
export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for name lookup and connection together. Default 5000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
  /** Refuse a connection that leaves this machine. Default `false`. */
  readonly localOnly?: boolean;
}

/** An open listening socket. */
export interface TcpListener {
  readonly port: number;
  /** Stops accepting; what was accepted lives on. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT = 5_000;

/**
 * Connects without Nagle's delay.
 * @throws HostNotFoundError ConnectionRefusedError ConnectTimeoutError ConnectFailedError
 * @throws PlainLinkError when it may not leave this machine
 * @throws AbortedError when the signal fires first
 */
export function connectTcp(options: TcpOptions): Promise<Transport> {
  const { host, port, timeout = CONNECT_TIMEOUT, signal, localOnly = false } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return Promise.reject(new UsageError(`${port} is no TCP port`));
  }
  const what = `connecting to ${host}:${port}`;
  if (signal?.aborted) return Promise.reject(new AbortedError(what, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    const transport = new SocketTransport(`${isIPv6(host) ? `[${host}]` : host}:${port}`);
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
    const connected = (): void => {
      const plain = localOnly && !staysHere(socket.remoteAddress, socket.localAddress);
      settle(plain ? new PlainLinkError(transport.remote) : undefined);
    };
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
      accept(new SocketTransport(`${socket.remoteAddress}:${socket.remotePort}`, socket));
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
