/** Helpers for tests against a live node, with any test runner. */

export {
  type EventPattern,
  EventStream,
  type EventStreamOptions,
  UnexpectedEventError,
} from "./event-stream.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export { pg } from "./pg.ts";
export type { PgMember } from "./pg-member.ts";
export { type PgEvent, type PgOptions, PgScope } from "./pg-scope.ts";
export { PubSubAdapterError, pubsub } from "./pubsub.ts";
export { BroadcastError, PubSub, type PubSubOptions } from "./pubsub-bus.ts";
export type { ChannelEvent, PubSubMessage } from "./pubsub-message.ts";
export { Sandbox, SandboxError, type SandboxOptions, sandbox } from "./sandbox.ts";
export { SandboxPoolError } from "./sandbox-script.ts";
export { Subscription } from "./subscription.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export {
  type TelemetryEvent,
  TelemetryEvents,
  type TelemetryOptions,
  telemetry,
} from "./telemetry.ts";
