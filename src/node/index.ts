/** Our node: connections to others, and the processes of ours that speak with theirs. */

export type { Address } from "./address.ts";
export { BeamNode, type CloseOptions } from "./beam-node.ts";
export type { CallOptions } from "./calls.ts";
export { type ConnectLimits, type ConnectOptions, connect } from "./connect.ts";
export type { CallTrace, ConnectTrace } from "./diagnostics.ts";
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
  SpawnRefusedError,
} from "./errors.ts";
export { GroupLeader, type GroupLeaderOptions } from "./group-leader.ts";
export { type ListenOptions, listen, NodeListener } from "./listen.ts";
export { Mailbox, type MailboxOptions } from "./mailbox.ts";
export type { Monitor } from "./monitors.ts";
export { RemoteError, type RemoteKind, type StackFrame } from "./remote-error.ts";
export type { WaitOptions } from "./request.ts";
export type { Spawned, SpawnOptions } from "./spawn.ts";
export type { SystemOptions, SystemReply } from "./system.ts";
