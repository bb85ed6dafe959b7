/** Our node: connections to others, and the processes of ours that speak with theirs. */

export type { Address } from "./address.ts";
export { BeamNode } from "./beam-node.ts";
export type { CallOptions } from "./calls.ts";
export {
  type ConnectLimits,
  type ConnectOptions,
  connect,
  type DialOptions,
} from "./connect.ts";
export type { CallTrace, ConnectTrace } from "./diagnostics.ts";
export type { ListenOptions } from "./doorman.ts";
export { type EpmdOptions, epmdLookup, epmdNames } from "./epmd-client.ts";
export {
  type EpmdRegisterOptions,
  type EpmdRegistration,
  epmdRegister,
} from "./epmd-registration.ts";
export { EpmdServer, type EpmdServerOptions, epmdServe } from "./epmd-server.ts";
export {
  EpmdUnreachableError,
  MailboxClosedError,
  NameTakenError,
  NodeNotRegisteredError,
  NoProcessError,
  NoSuchLinkError,
  SpawnRefusedError,
} from "./errors.ts";
export { type CallContext, Raise, type ServedFunction } from "./functions.ts";
export type { GenCallOptions } from "./gen-call.ts";
export { GroupLeader, type GroupLeaderOptions } from "./group-leader.ts";
export type { Destination, RemoteName } from "./home.ts";
export {
  type KeepConnectedOptions,
  KeptConnection,
  keepConnected,
  type RetryOptions,
} from "./keep-connected.ts";
export { LocalNode } from "./local-node.ts";
export type { LocalDialOptions, LocalKeepOptions, LocalNodeOptions } from "./local-node-options.ts";
export { type AliasOptions, Mailbox, type MailboxOptions } from "./mailbox.ts";
export { linkInMemory, type MemoryLink } from "./memory-link.ts";
export type { Monitor } from "./monitors.ts";
export { RemoteError, type RemoteKind, type StackFrame } from "./remote-error.ts";
export type { CloseOptions, WaitOptions } from "./request.ts";
export { Server, type ServerHandlers, type ServerOptions } from "./server.ts";
export type { SendOptions } from "./signals.ts";
export type { Spawned, SpawnOptions } from "./spawn.ts";
export { startNode } from "./start-node.ts";
export type { SystemOptions, SystemReply } from "./system.ts";
