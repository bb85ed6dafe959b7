/** The telemetry events of a node, by `telemetry_test`. */

import { type BeamError, isBeamError, LimitError } from "../../errors.ts";
import type { BeamNode, Mailbox } from "../../node/index.ts";
import { Answer, applicationKey } from "../../otp/index.ts";
import { Atom, atom, Pid, type Term, TermMap, Tuple, textOf, tuple } from "../../term/index.ts";
import { TopologyError } from "../../topology/index.ts";
import { type KeeperScript, type Kept, keep } from "../keeper.ts";
import { nodeOf, owned, type Target } from "../target.ts";
import { Arrivals } from "./arrivals.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";

/** One event. */
export interface TelemetryEvent {
  /** Its name: `["shop", "order", "created"]`. */
  readonly event: readonly string[];
  readonly measurements: TermMap;
  /** With `keys` only those of them that it had. */
  readonly metadata: TermMap;
}

/** How events are listened to. */
export interface TelemetryOptions extends EventStreamOptions {
  /** The keys of the metadata, atoms, that are sent to us. Default all, which is much where a `conn` or a `socket` is among them. */
  readonly keys?: readonly string[] | undefined;
  /** Milliseconds for attaching, for detaching, and for `drain`. Default 5000. */
  readonly timeout?: number | undefined;
}

/**
 * Listens to telemetry events from now on: `telemetry_test:attach_event_handlers/2` attaches a handler that sends each to a process there, which
 * sends it on to us. That process detaches it when it is disposed of, or when the link is gone. Needs telemetry 1.2 or later.
 *
 * The process that executes an event copies measurements and metadata to ours, and waits for no one; what of it goes over the link is chosen
 * by `keys`. When the link takes no more and 10000 events wait there, the handler is detached and the stream ends with a LimitError. On a busy
 * node listen to rare events.
 *
 * @example
 * import { atom } from "beamctl/term";
 * import { telemetry } from "beamctl/testing";
 *
 * await using created = await telemetry(node, [["shop", "order", "created"]], { keys: ["item"] });
 * const headers = { "content-type": "application/json" };
 * await fetch("http://localhost:4000/orders", { method: "POST", headers, body: '{"item":"tea","quantity":2}' });
 * const { measurements, metadata } = await created.next("shop.order.*");
 * measurements.get(atom("quantity")); // 2
 * @throws TopologyError when telemetry is not started there, or has no telemetry_test
 * @throws ScriptError TimeoutError NodeDownError
 */
export async function telemetry(
  target: Target,
  events: readonly (readonly string[])[],
  options: TelemetryOptions = {},
): Promise<TelemetryEvents> {
  const node = nodeOf(target);
  await mustHave(node, options.timeout);
  const mailbox = node.mailbox();
  try {
    const bindings = {
      To: mailbox.pid,
      Events: events.map((event) => event.map((part) => atom(part))),
      Keys: options.keys?.map((key) => atom(key)) ?? atom("all"),
    };
    const kept = await keep(node, HANDLER, bindings, { timeout: options.timeout });
    return owned(target, new TelemetryEvents(node, events, mailbox, kept, options));
  } catch (error) {
    mailbox.close();
    throw error;
  }
}

async function mustHave(node: BeamNode, timeout = 5_000): Promise<void> {
  const table = [atom("telemetry_handler_table")];
  const about = { node: node.name };
  if (!((await node.call("erlang", "whereis", table, { timeout })) instanceof Pid)) {
    throw new TopologyError(`telemetry is not started on ${node.name}`, {
      ...about,
      remedy: "Add telemetry to the application's dependencies, and wait until it is started.",
    });
  }
  const found = await node.call("code", "ensure_loaded", [atom("telemetry_test")], { timeout });
  if (found instanceof Tuple && found.items[0] === atom("module")) return;
  const version = await applicationKey(node, "telemetry", "vsn", { timeout });
  const which = version === undefined ? "" : ` ${textOf(version) ?? ""}`;
  throw new TopologyError(`telemetry${which} of ${node.name} has no telemetry_test`, {
    ...about,
    remedy: "Take telemetry 1.2 or later, and do not strip telemetry_test from the release.",
  });
}

// The process in between is the only one that waits when the link is busy. It also watches the keeper: who kills that leaves no handler.
const HANDLER: KeeperScript = {
  name: "telemetry",
  bindings: ["To", "Events", "Keys"],
  setUp: `
Keeper = self(),
Relay = spawn(fun() ->
  Watch = erlang:monitor(process, Keeper),
  Choose = fun(Metadata) when is_list(Keys), is_map(Metadata) -> maps:with(Keys, Metadata); (Metadata) -> Metadata end,
  Waiting = fun() -> element(2, process_info(self(), message_queue_len)) end,
  Send = fun Send(Message) ->
    case erlang:send(To, Message, [nosuspend, noconnect]) of
      nosuspend -> case Waiting() > 10000 of true -> full; false -> receive after 10 -> Send(Message) end end;
      _ -> ok
    end
  end,
  receive
    {handler, Ref} ->
      Loop = fun Loop() ->
        Sent = receive
          {Event, Ref, Measurements, Metadata} -> Send({Event, Measurements, Choose(Metadata)});
          {mark, Mark} -> Send(Mark);
          {'DOWN', Watch, process, _, _} -> down
        end,
        case Sent of
          ok -> Loop();
          _ -> try telemetry:detach(Ref) catch _:_ -> gone end, Sent =:= full andalso erlang:send(To, full, [noconnect])
        end
      end,
      Loop();
    {'DOWN', Watch, process, _, _} -> ok
  end
end),
Handler = telemetry_test:attach_event_handlers(Relay, Events),
Relay ! {handler, Handler},
Relay`,
  // It may have been detached, or telemetry stopped.
  undo: "try telemetry:detach(Handler) catch _:_ -> gone end",
};

/**
 * A stream of events. Their label is the name with dots: `shop.order.created`.
 * @example
 * import { type TelemetryEvents, telemetry } from "beamctl/testing";
 *
 * const created: TelemetryEvents = await telemetry(shop, [["shop", "order", "created"]]);
 * for (const { metadata } of await created.drain()) console.log(metadata);
 */
export class TelemetryEvents extends EventStream<TelemetryEvent> {
  readonly #mailbox: Mailbox;
  readonly #kept: Kept;
  readonly #arrivals: Arrivals;
  readonly #mark: (mark: Tuple) => void;

  /** @internal Use {@link telemetry}. */
  constructor(
    node: BeamNode,
    events: readonly (readonly string[])[],
    mailbox: Mailbox,
    kept: Kept,
    options: TelemetryOptions,
  ) {
    const names = events.map((event) => event.join(".")).join(", ");
    super(node.name, `an event of ${names}`, ({ event }) => event.join("."), options);
    this.#mailbox = mailbox;
    this.#kept = kept;
    this.#arrivals = new Arrivals(node, mailbox.pid, options.timeout ?? 5_000);
    const relay = new Answer(node, "telemetry").pid(kept.value);
    this.#mark = (mark) => node.send(relay, tuple(atom("mark"), mark));
    void this.#listen(node);
  }

  /** Detaches the handler; what waits can still be read. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end("closed");
    try {
      await this.#kept.release();
    } finally {
      this.#mailbox.close();
    }
  }

  /** @internal */
  protected override settle(): Promise<void> {
    return this.#arrivals.settle(this.#mark);
  }

  async #listen(node: BeamNode): Promise<void> {
    try {
      for await (const message of this.#mailbox) {
        if (this.#arrivals.take(message)) continue;
        if (message === atom("full")) this.end(tooMany(node));
        else if (message instanceof Tuple) this.push(read(message));
      }
    } catch (error) {
      if (!isBeamError(error)) throw error;
      this.end(error);
    }
  }
}

function read({ items: [event, measurements, metadata] }: Tuple): TelemetryEvent {
  const parts = Array.isArray(event) ? (event as readonly Term[]) : [];
  return {
    event: parts.map((part) => (part instanceof Atom ? part.name : "?")),
    measurements: measurements instanceof TermMap ? measurements : new TermMap(),
    metadata: metadata instanceof TermMap ? metadata : new TermMap(),
  };
}

function tooMany(node: BeamNode): BeamError {
  return new LimitError(`more telemetry events than the link to ${node.name} takes`, {
    node: node.name,
    remedy: "Listen to fewer events, or choose the metadata's keys.",
  });
}
