/** What a running system looks like from outside. */

export type { LookOptions, NotDetected, SocketOptions } from "./adapter.ts";
export {
  type Connections,
  channels,
  connections,
  detectListeners,
  detectSocketBatches,
  detectSockets,
  listeners,
} from "./detect.ts";
export { type Endpoint, endpoints } from "./endpoints.ts";
export { TopologyError } from "./errors.ts";
export { type IdleTimeout, idleTimeouts } from "./idle-timeouts.ts";
export {
  type Acceptor,
  isRunning,
  type Listener,
  type ListenerStatus,
  type Place,
} from "./listener.ts";
export { type Sifted, SocketsSeen, type Unseen } from "./seen.ts";
export type {
  Channel,
  Connection,
  ConnectionKind,
  Sockets,
  Stop,
  Unanswered,
} from "./socket.ts";
export { type Stacks, stacksOf } from "./stacks.ts";
export {
  type StaticCache,
  staticCaches,
  staticDifferences,
  staticManifest,
} from "./static-cache.ts";
export { type ConnectionCount, countConnections } from "./summary.ts";
export { type SupervisionNode, supervisionTree, type TreeOptions } from "./tree.ts";
