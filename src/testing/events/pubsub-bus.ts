/** A Phoenix.PubSub that we are joined to. */

import { BeamError, isBeamError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Atom, atom, binary, inspect, type Term, Tuple, textOf } from "../../term/index.ts";
import { Arrivals } from "./arrivals.ts";
import type { EventStreamOptions } from "./event-stream.ts";
import type { PgMember } from "./pg-member.ts";
import type { PgScope } from "./pg-scope.ts";
import {
  broadcastStruct,
  type ChannelEvent,
  isChannelEvent,
  readMessage,
} from "./pubsub-message.ts";
import { type Bus, Subscription } from "./subscription.ts";

/** How a PubSub is joined. */
export interface PubSubOptions {
  /** Milliseconds for joining, and for each broadcast. Default 5000. */
  readonly timeout?: number | undefined;
}

/** The adapter refused a broadcast. */
export class BroadcastError extends BeamError {
  readonly code = "BEAM_REMOTE";

  constructor(node: string, reason: string) {
    super(`the broadcast failed on ${node}: ${reason}`, {
      node,
      remedy: "Look at the log of the node, and whether its PubSub runs.",
    });
  }
}

const FORWARD = atom("forward_to_local");
const OK = atom("ok");
const PUBSUB = "Elixir.Phoenix.PubSub";
const CHANNELS = "Elixir.Phoenix.Channel.Server";

/**
 * A joined PubSub; `await using` leaves it and ends its subscriptions.
 * @example
 * import { atom } from "beamctl/term";
 * import { type PubSub, pubsub } from "beamctl/testing";
 *
 * const bus: PubSub = await pubsub(shop, "Shop.PubSub");
 * await bus.broadcast("stock", atom("changed"));
 */
export class PubSub implements AsyncDisposable {
  readonly #node: BeamNode;
  readonly #name: Atom;
  readonly #timeout: number;
  readonly #scope: PgScope;
  readonly #member: PgMember;
  readonly #adapter: string;
  readonly #subscriptions = new Set<Subscription>();
  readonly #arrivals: Arrivals;
  #over: BeamError | "closed" | undefined;

  private constructor(
    node: BeamNode,
    name: Atom,
    scope: PgScope,
    member: PgMember,
    adapter: string,
    { timeout = 5_000 }: PubSubOptions,
  ) {
    this.#node = node;
    this.#name = name;
    this.#timeout = timeout;
    this.#scope = scope;
    this.#member = member;
    this.#adapter = adapter;
    this.#arrivals = new Arrivals(node, member.pid, timeout);
    void this.#untilOver(this.#listen());
    void this.#untilOver(this.#follow());
  }

  /** @internal Use `pubsub`. */
  static async open(
    node: BeamNode,
    name: Atom,
    adapter: string,
    scope: PgScope,
    options: PubSubOptions,
  ): Promise<PubSub> {
    const member = await scope.join(atom(adapter));
    const bus = new PubSub(node, name, scope, member, adapter, options);
    for (const group of scope.groups()) await bus.#joinIfOurs(group);
    return bus;
  }

  /**
   * The messages of a topic from now on; `*` in it stands for any text. Nothing is sent to the node.
   * @throws UsageError when it was left
   */
  subscribe(topic: string, options: EventStreamOptions = {}): Subscription {
    const bus: Bus = {
      leave: (ended) => this.#subscriptions.delete(ended),
      settle: () => this.#arrivals.settle(),
    };
    const subscription = new Subscription(this.#node.name, topic, bus, options);
    if (this.#over === undefined) this.#subscriptions.add(subscription);
    else subscription.over(this.#over);
    return subscription;
  }

  /**
   * Broadcasts to the subscribers on all nodes: the node calls `Phoenix.PubSub.broadcast/3`, or for an event
   * `Phoenix.Channel.Server.broadcast/4` as `Endpoint.broadcast/3` does. Subscriptions here get it too. Resolves when the node has sent it.
   * @throws BroadcastError RemoteError TimeoutError NodeDownError EncodeError
   */
  async broadcast(topic: string, message: Term | ChannelEvent): Promise<void> {
    if (isChannelEvent(message)) {
      const { event, payload } = message;
      const args = [this.#name, binary(topic), binary(event), payload];
      await this.#ask(CHANNELS, "broadcast", args);
    } else {
      await this.#ask(PUBSUB, "broadcast", [this.#name, binary(topic), message]);
    }
  }

  /**
   * Broadcasts to the subscribers on one node, by `Phoenix.PubSub.direct_broadcast`. Subscriptions here do not get it.
   * @throws BroadcastError RemoteError TimeoutError NodeDownError EncodeError
   */
  async directBroadcast(node: string, topic: string, message: Term | ChannelEvent): Promise<void> {
    const to = [atom(node), this.#name, binary(topic)];
    const rest = isChannelEvent(message)
      ? [broadcastStruct(topic, message), atom(CHANNELS)]
      : [message];
    await this.#ask(PUBSUB, "direct_broadcast", [...to, ...rest]);
  }

  /** Leaves the PubSub and ends its subscriptions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end("closed");
    await this.#scope[Symbol.asyncDispose]();
  }

  async #ask(module: string, fun: string, args: readonly Term[]): Promise<void> {
    const answer = await this.#node.call(module, fun, args, { timeout: this.#timeout });
    if (answer !== OK) throw new BroadcastError(this.#node.name, inspect(answer));
  }

  // Of a pool each process has a group, the first by the adapter's name; which one a broadcast takes depends on its sender.
  async #joinIfOurs(group: Term): Promise<void> {
    const prefix = `${this.#adapter}_`;
    if (!(group instanceof Atom && group.name.startsWith(prefix))) return;
    if (/^\d+$/.test(group.name.slice(prefix.length))) await this.#member.join(group);
  }

  /** Groups that come later, as when it is started again with a larger pool. */
  async #follow(): Promise<void> {
    for await (const { kind, group } of this.#scope) {
      if (kind === "join") await this.#joinIfOurs(group);
    }
  }

  async #listen(): Promise<void> {
    for await (const message of this.#member.mailbox) {
      if (this.#arrivals.take(message)) continue;
      const [tag, topic, content] = message instanceof Tuple ? message.items : [];
      const name = tag === FORWARD && topic instanceof Uint8Array ? textOf(topic) : undefined;
      if (name === undefined || content === undefined) continue;
      const read = readMessage(name, content);
      for (const subscription of this.#subscriptions) subscription.offer(read);
    }
  }

  async #untilOver(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!isBeamError(error)) throw error;
      this.#end(error);
    }
  }

  #end(reason: BeamError | "closed"): void {
    this.#over ??= reason;
    for (const subscription of this.#subscriptions) subscription.over(this.#over);
    this.#subscriptions.clear();
  }
}
