/** The messages of Phoenix.PubSub, as they are shown and as they are sent. */

import { atom, binary, type Term, TermMap, textOf } from "../../term/index.ts";

/** A message that was broadcast. */
export interface PubSubMessage {
  readonly topic: string;
  /** The event's name, of a `Phoenix.Socket.Broadcast`, as channels and `Endpoint.broadcast` send; else `undefined`. */
  readonly event: string | undefined;
  /** The payload of a `Phoenix.Socket.Broadcast`; of any other message, the message. */
  readonly payload: Term;
}

/** An event for channels, as `Endpoint.broadcast(topic, event, payload)` sends. */
export interface ChannelEvent {
  readonly event: string;
  /** A map, with keys as the application has them. */
  readonly payload: Term;
}

const STRUCT = atom("__struct__");
const BROADCAST = atom("Elixir.Phoenix.Socket.Broadcast");

/** @internal A message of a topic, taken apart if it is a struct of Phoenix. */
export function readMessage(topic: string, message: Term): PubSubMessage {
  if (message instanceof TermMap && message.get(STRUCT) === BROADCAST) {
    const [event, payload] = [message.get(atom("event")), message.get(atom("payload"))];
    const name = event === undefined ? undefined : textOf(event);
    if (payload !== undefined) return { topic, event: name, payload };
  }
  return { topic, event: undefined, payload: message };
}

/** @internal */
export function isChannelEvent(message: Term | ChannelEvent): message is ChannelEvent {
  // No class of terms has both.
  return typeof message === "object" && "event" in message && "payload" in message;
}

/** @internal The struct that channels expect. */
export function broadcastStruct(topic: string, { event, payload }: ChannelEvent): TermMap {
  return new TermMap([
    [STRUCT, BROADCAST],
    [atom("topic"), binary(topic)],
    [atom("event"), binary(event)],
    [atom("payload"), payload],
  ]);
}
