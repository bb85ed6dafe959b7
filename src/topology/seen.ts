/** What the looks at the sockets have seen, so that the next one examines only what is new since. */

import { Answer, type CallOptions, type Remote, runScript, Script } from "../otp/index.ts";
import { Pid, type Term, Tuple } from "../term/index.ts";
import type { Connection } from "./socket.ts";

/** Connections that one call marks: a few µs of the node each. */
const BATCH_SIZE = 1_000;

/** An entry of a source that must be examined, with the mark that was taken of it before. */
export interface Unseen {
  readonly entry: Term;
  readonly mark: number | undefined;
}

/** Entries, sorted by what earlier looks know of them. */
export interface Sifted {
  readonly known: readonly Connection[];
  readonly unseen: readonly Unseen[];
}

interface Known {
  readonly connection: Connection;
  readonly mark: number | undefined;
}

/**
 * Websockets and sessions of long polling that were seen. They never become anything else, and a channel that joins or leaves changes their links or
 * monitors: one whose links and monitors are what they were has the channels that it had. All else is examined by every look. What is told of one
 * that is known is what was seen first, its `suspended` and `queue` too.
 */
export class SocketsSeen {
  readonly #known = new Map<string, Known>();
  readonly #standing = new Set<string>();

  /** These stand still: nobody joins through them now. */
  stand(pids: readonly Pid[]): void {
    for (const pid of pids) this.#standing.add(String(pid));
  }

  /**
   * Sorts the entries of a source into those that are known still and those that must be examined.
   * @param joins whether new channels of known connections are asked for
   */
  async sift(
    remote: Remote,
    entries: readonly Term[],
    joins: boolean,
    call: CallOptions,
  ): Promise<Sifted> {
    const keys = entries.map(keyOf);
    const marks = joins ? await marksOf(remote, entries, call) : [];
    const known: Connection[] = [];
    const unseen: Unseen[] = [];
    for (const [index, entry] of entries.entries()) {
      const key = keys[index] ?? "";
      const mark = marks[index];
      const one = this.#known.get(key);
      const same = !joins || this.#standing.has(key) || (mark !== undefined && one?.mark === mark);
      if (one !== undefined && same) known.push(one.connection);
      else unseen.push({ entry, mark });
    }
    return { known, unseen };
  }

  /** Keeps what came of the examination of these. */
  keep(examined: readonly Unseen[], connections: readonly Connection[]): void {
    const found = new Map(connections.map((one) => [String(one.pid), one]));
    for (const { entry, mark } of examined) {
      const key = keyOf(entry);
      const connection = found.get(key);
      const stays = connection?.kind === "websocket" || connection?.kind === "longpoll";
      if (connection !== undefined && stays) this.#known.set(key, { connection, mark });
      else this.#known.delete(key);
    }
  }
}

/** Every source's entries are `{Ref, Pid, ...}`. */
function pidOf(entry: Term): Pid | undefined {
  const pid = entry instanceof Tuple ? entry.items[1] : undefined;
  return pid instanceof Pid ? pid : undefined;
}

function keyOf(entry: Term): string {
  return String(pidOf(entry));
}

async function marksOf(
  remote: Remote,
  entries: readonly Term[],
  call: CallOptions,
): Promise<number[]> {
  const answer = new Answer(remote, MARKS.name);
  const pids = entries.map((entry) => pidOf(entry) ?? 0);
  const marks: number[] = [];
  for (let start = 0; start < pids.length; start += BATCH_SIZE) {
    const batch = { Pids: pids.slice(start, start + BATCH_SIZE) };
    const found = answer.list(await runScript(remote, MARKS, batch, call));
    marks.push(...found.map((mark) => answer.integer(mark)));
  }
  return marks;
}

// What a channel of any Phoenix changes in its transport: each monitors the other, or they are linked.
const MARKS: Script = new Script({
  name: "socket_marks",
  bindings: ["Pids"],
  readOnly: true,
  source:
    "lists:map(fun(Pid) when is_pid(Pid) -> erlang:phash2(process_info(Pid, [links, monitors, monitored_by]), 4294967296); (_) -> 0 end, Pids)",
});
