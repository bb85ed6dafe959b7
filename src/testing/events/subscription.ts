/** A subscription to topics of a Phoenix.PubSub. */

import type { BeamError } from "../../errors.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import type { PubSubMessage } from "./pubsub-message.ts";
import { wildcard } from "./wildcard.ts";

/**
 * The messages of some topics. Their label, which a text given to `next` or `drain` is compared with, is the topic.
 * @example
 * import { pubsub, type Subscription } from "beamctl/testing";
 *
 * const bus = await pubsub(shop, "Shop.PubSub");
 * const rooms: Subscription = bus.subscribe("room:*");
 * for (const { topic } of await rooms.drain()) console.log(topic);
 */
export class Subscription extends EventStream<PubSubMessage> {
  /** What it was made with: `room:*`. */
  readonly topic: string;
  readonly #fits: (topic: string) => boolean;
  readonly #bus: Bus;

  /** @internal Use `PubSub.subscribe`. */
  constructor(node: string, topic: string, bus: Bus, options: EventStreamOptions) {
    super(node, `a message of ${topic}`, (message) => message.topic, options);
    this.topic = topic;
    this.#fits = wildcard(topic);
    this.#bus = bus;
  }

  /** @internal */
  offer(message: PubSubMessage): void {
    if (this.#fits(message.topic)) this.push(message);
  }

  /** @internal */
  over(reason: BeamError | "closed"): void {
    this.end(reason);
  }

  /** Ends the subscription; what waits can still be read. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end("closed");
    this.#bus.leave(this);
  }

  /** @internal */
  protected override settle(): Promise<void> {
    return this.#bus.settle();
  }
}

/** What a subscription asks of its PubSub. */
export interface Bus {
  leave(subscription: Subscription): void;
  settle(): Promise<void>;
}
