/** The log events of a node as they happen: a primary filter of its `logger` passes each to us, and lets it go on to its handlers. */

import type { BeamNode, Mailbox, WaitOptions } from "../node/index.ts";
import {
  Atom,
  atom,
  inspect,
  ioFormat,
  Pid,
  type Term,
  TermMap,
  Tuple,
  textOf,
} from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { LogLevel } from "./logger.ts";
import { primaryFilter, SPOKEN } from "./primary-filter.ts";
import type { CallOptions } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** Options of {@link logEvents}. */
export interface LogEventsOptions {
  /** The least level that is passed on. Default `"debug"`: all that the node's own levels let through. */
  readonly level?: LogLevel | undefined;
  /** Most events that wait here unread; one more ends the stream. Default 10000. */
  readonly limit?: number | undefined;
}

/** One event. It may hold anything that a program logs. */
export interface LogEvent {
  readonly level: string;
  /** What was logged as text: formatted here, reports by `inspect`. */
  readonly text: string;
  /** Microseconds since 1970, by the node's clock. */
  readonly time: number;
  /** Who logged. */
  readonly pid: Pid | undefined;
  /** Everything else that `logger` knows of it. */
  readonly meta: TermMap;
}

/** A stream of events; `await using` ends it. */
export class LogStream implements AsyncIterable<LogEvent>, AsyncDisposable {
  readonly #node: BeamNode;
  readonly #mailbox: Mailbox;
  readonly #proxy: Pid;
  #dropped = 0;

  /** @internal Use {@link logEvents}. */
  constructor(node: BeamNode, mailbox: Mailbox, proxy: Pid) {
    this.#node = node;
    this.#mailbox = mailbox;
    this.#proxy = proxy;
  }

  /** How many events were not passed on since the link was busy: those who log there are never held up. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * The next event. Default timeout 5000 ms; `0` waits without end.
   * @throws TimeoutError AbortedError MailboxClosedError NodeDownError
   * @throws LimitError when more events came than it holds
   */
  async next(options: WaitOptions = {}): Promise<LogEvent> {
    for (;;) {
      const message = await this.#mailbox.receive(options);
      if (message instanceof TermMap) return readEvent(message);
      if (typeof message === "number") this.#dropped += message;
    }
  }

  /** All events until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LogEvent, void, void> {
    for await (const message of this.#mailbox) {
      if (message instanceof TermMap) yield readEvent(message);
      else if (typeof message === "number") this.#dropped += message;
    }
  }

  /** Waits until all that the node has logged before is on its way to us, ahead of the answer. @throws TimeoutError NodeDownError */
  async sync(options?: CallOptions): Promise<void> {
    await runScript(this.#node, SYNC, {}, options);
  }

  /** Takes the filter away. Resolves when it is gone from the node. */
  async close(): Promise<void> {
    this.#mailbox.close();
    // Our process that it watches is gone, so it ends by itself, and with it the filter.
    try {
      await this.#node.monitor(this.#proxy).down;
    } catch {
      // The link is gone, and the process there with it.
    }
  }

  /** As {@link LogStream.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Streams the node's log events. A process there holds the filter, and takes it away when we close, end or lose the link; a filter that is left
 * without that process is removed by `logger` at the next event. On a busy node each event costs some 10 microseconds more where it is logged, and
 * none waits for us. OTP: logger, "Filters".
 * @throws ScriptError TimeoutError NodeDownError
 * @example
 * import { logEvents } from "beamctl";
 *
 * await using events = await logEvents(node, { level: "error" });
 * for await (const { level, text, pid } of events) console.log(level, String(pid), text);
 */
export async function logEvents(
  node: BeamNode,
  options: LogEventsOptions = {},
): Promise<LogStream> {
  const mailbox = node.mailbox({ limit: options.limit });
  try {
    const bindings = { To: mailbox.pid, Least: atom(options.level ?? "debug") };
    const answer = new Answer(node, LOG_EVENTS.name);
    const proxy = answer.pid(await runScript(node, LOG_EVENTS, bindings));
    return new LogStream(node, mailbox, proxy);
  } catch (error) {
    mailbox.close();
    throw error;
  }
}

const LOG_EVENTS: Script = new Script({
  name: "log_events",
  bindings: ["To", "Least"],
  source: primaryFilter({
    name: "beamctl_log",
    least: "Least",
    pass: `
    Pass = fun(Event) ->
        case erlang:send(To, Event, [nosuspend, noconnect]) of
            ok -> ok;
            _ -> Self ! dropped
        end
    end,`,
    // What was dropped is told when there is room again, and nobody waits for that.
    loop: `
    Loop = fun Loop(Dropped) ->
        receive
            dropped -> Loop(Dropped + 1);
            {'DOWN', Watch, process, _, _} -> End()
        after case Dropped of 0 -> infinity; _ -> 200 end ->
            case erlang:send(To, Dropped, [nosuspend, noconnect]) of
                ok -> Loop(0);
                _ -> Loop(Dropped)
            end
        end
    end,
    Loop(0)`,
  }),
});

const SYNC: Script = new Script({ name: "log_sync", source: SPOKEN });

function readEvent(event: TermMap): LogEvent {
  const level = event.get(atom("level"));
  const found = event.get(atom("meta"));
  const meta = found instanceof TermMap ? found : new TermMap();
  const [pid, time] = [meta.get(atom("pid")), meta.get(atom("time"))];
  return {
    level: level instanceof Atom ? level.name : "",
    text: textOfMessage(event.get(atom("msg"))),
    time: typeof time === "number" ? time : 0,
    pid: pid instanceof Pid ? pid : undefined,
    meta,
  };
}

// {string, Chardata} | {report, Report} | {Format, Arguments}
function textOfMessage(message: Term | undefined): string {
  if (!(message instanceof Tuple) || message.items.length !== 2) return "";
  const [kind, what] = message.items as readonly [Term, Term];
  if (kind === atom("string")) return textOf(what) ?? inspect(what);
  if (kind === atom("report")) return inspect(what);
  try {
    return ioFormat(kind, Array.isArray(what) ? (what as readonly Term[]) : [what]);
  } catch {
    return inspect(message); // as logger does with a format that does not fit
  }
}
