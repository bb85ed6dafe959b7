/** TLS, as `inet_tls_dist` of OTP's ssl application carries distribution: mutual certificates, then the same bytes as over TCP. */

import type { AddressInfo } from "node:net";
import { isIP, isIPv6 } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createServer,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { AbortedError } from "../errors.ts";
import { ConnectTimeoutError, connectError, ListenError } from "./errors.ts";
import { SocketTransport } from "./socket.ts";
import type { TcpListener, TcpOptions } from "./tcp.ts";
import { after } from "./timer.ts";
import { isTlsFailure, TlsError } from "./tls-error.ts";
import type { Transport } from "./transport.ts";

/** Who we are, and whom we trust. Texts in PEM. */
export interface TlsOptions {
  /** The authorities that the other side's certificate must come from. Default: those that Node.js knows. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Our certificate, with its chain, and its key: nodes ask for one unless told otherwise. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** The name that the other side's certificate must be for. Default the host of the node's name. */
  readonly servername?: string | undefined;
  /** Default `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
}

const CONNECT_TIMEOUT = 5_000;
const NO_ANSWER = new Error("no answer");

/**
 * Connects and verifies the other side: its chain, its dates, and that it is for `servername`.
 * @throws TlsError when either side does not accept the other's certificate, or does not speak TLS
 * @throws HostNotFoundError ConnectionRefusedError ConnectTimeoutError ConnectFailedError AbortedError
 */
export function connectTls(
  options: TcpOptions & { readonly tls: TlsOptions; readonly servername: string },
): Promise<Transport> {
  const { host, port, timeout = CONNECT_TIMEOUT, signal, tls } = options;
  const remote = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const name = tls.servername ?? options.servername;
  const what = `connecting to ${remote}`;
  if (signal?.aborted) return Promise.reject(new AbortedError(what, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    let socket: TLSSocket;
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket?.off("error", failed);
      if (error === undefined) {
        resolve(new SocketTransport(remote, socket.setNoDelay(true)));
        return;
      }
      socket?.on("error", () => undefined).destroy();
      reject(error);
    };
    const failed = (cause: Error): void =>
      settle(isTlsFailure(cause) ? new TlsError(remote, cause) : connectError(host, port, cause));
    const aborted = (): void => settle(new AbortedError(what, { cause: signal?.reason }));
    let reached = false;
    const late = (): void =>
      settle(reached ? new TlsError(remote, NO_ANSWER) : new ConnectTimeoutError(remote, timeout));
    const timer = after(timeout, late);
    signal?.addEventListener("abort", aborted);
    try {
      socket = connect({ host, port, ...context(tls), ...identity(name) });
    } catch (cause) {
      settle(new TlsError(remote, cause)); // a key or certificate that cannot be read
      return;
    }
    socket.once("connect", () => {
      reached = true;
    });
    socket.once("secureConnect", () => settle()).on("error", failed);
  });
}

/** A listener whose certificates can be changed while it listens. */
export interface TlsListener extends TcpListener {
  /** New connections are greeted with these; those that are open go on. @throws TlsError when they cannot be read */
  reload(tls: TlsOptions): void;
}

/**
 * Listens, and hands over those whose certificate is accepted.
 * @param refused told why another was not
 * @throws ListenError TlsError
 */
export function listenTls(
  accept: (transport: Transport) => void,
  refused: (error: TlsError) => void,
  options: { readonly host?: string; readonly port?: number; readonly tls: TlsOptions },
): Promise<TlsListener> {
  const { host = "127.0.0.1", port = 0, tls } = options;
  const address = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    let server: ReturnType<typeof createServer>;
    try {
      server = createServer({
        ...context(tls),
        requestCert: true,
        rejectUnauthorized: true,
        pauseOnConnect: true,
      });
    } catch (cause) {
      reject(new TlsError(address, cause));
      return;
    }
    server.on("secureConnection", (socket) => {
      socket.setNoDelay(true);
      accept(new SocketTransport(`${socket.remoteAddress}:${socket.remotePort}`, socket));
    });
    server.on("tlsClientError", (cause, socket) => {
      refused(new TlsError(`${socket.remoteAddress}:${socket.remotePort}`, cause));
      socket.destroy();
    });
    server.once("error", (cause) => reject(new ListenError(address, cause)));
    server.listen({ host, port }, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => new Promise((done) => void server.close(() => done())),
        reload: (next) => {
          try {
            server.setSecureContext(context(next));
          } catch (cause) {
            throw new TlsError(address, cause);
          }
        },
      });
    });
  });
}

function context({
  ca,
  cert,
  key,
  passphrase,
  minVersion = "TLSv1.2",
}: TlsOptions): SecureContextOptions {
  return {
    minVersion,
    ...(ca === undefined ? {} : { ca: ca as string | Buffer | (string | Buffer)[] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function identity(name: string): Pick<ConnectionOptions, "servername" | "checkServerIdentity"> {
  return {
    servername: isIP(name) === 0 ? name : "", // an address is no name to be asked for, yet it is verified
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(name, certificate),
  };
}
