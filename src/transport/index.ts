/** Carriers of bytes: the only place that holds a socket. */

export {
  ConnectFailedError,
  ConnectionLostError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  HostNotFoundError,
  ListenError,
  PlainLinkError,
} from "./errors.ts";
export { staysHere } from "./local.ts";
export { type MemoryOptions, memoryPair } from "./memory.ts";
export { StreamTransport } from "./stream.ts";
export { connectTcp, listenTcp, type TcpListener, type TcpOptions } from "./tcp.ts";
export { after } from "./timer.ts";
export { connectTls, listenTls, type TlsListener, type TlsOptions } from "./tls.ts";
export { TlsError } from "./tls-error.ts";
export type { Transport, TransportHandler } from "./transport.ts";
export { dialWire, listenWires, Wire } from "./wire.ts";
