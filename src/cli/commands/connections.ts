/** `beamctl connections`: how many of each kind a listener has, then each with its kind and how that is known. */

import {
  type Connection,
  type ConnectionCount,
  countConnections,
  detectSocketBatches,
  type Sockets,
  type Unanswered,
} from "../../topology/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Json } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import type { Column } from "../output/rows.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, local) =>
  observe(globals, async ({ remote }) => {
    const printer = new Printer(globals);
    const batches = await detectSocketBatches(remote);
    if ("notDetected" in batches) {
      printer.note(`no connection can be seen: ${batches.notDetected}`);
      return EXIT.degraded;
    }
    const unanswered: Unanswered[] = [];
    const found = chosen(batches, local["websockets"] === true, unanswered);
    if (local["summary"] === true) {
      const counts = countConnections((await all(found)).flat());
      printer.rows(counts, COUNTS, (count) => ({ ...count }), "no connection is open");
    } else if (printer.format === "ndjson") {
      // Each batch leaves when it is there: who reads them need not wait for the last.
      for await (const batch of found) printer.rows(batch, CONNECTIONS, asJson, "");
    } else {
      show(printer, (await all(found)).flat(), unanswered);
    }
    for (const { listener, supervisor } of unanswered) {
      printer.note(`warning: ${listener}: supervisor ${supervisor} does not answer`);
    }
    return unanswered.length > 0 ? EXIT.degraded : undefined;
  });

async function* chosen(
  batches: AsyncIterable<Sockets>,
  websockets: boolean,
  unanswered: Unanswered[],
): AsyncGenerator<readonly Connection[]> {
  for await (const batch of batches) {
    unanswered.push(...batch.unanswered);
    yield batch.connections.filter(({ kind }) => !websockets || kind === "websocket");
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function show(
  printer: Printer,
  found: readonly Connection[],
  unanswered: readonly Unanswered[],
): void {
  const counts = countConnections(found);
  if (printer.format === "json") {
    printer.record({
      summary: counts.map((count) => ({ ...count })),
      connections: found.map(asJson),
      unanswered: unanswered.map(({ listener, supervisor }) => ({
        listener,
        supervisor: String(supervisor),
      })),
    });
    return;
  }
  if (printer.interactive && found.length > 0) {
    printer.rows(counts, COUNTS, (count) => ({ ...count }), "");
    printer.gap();
  } else {
    // Standard output is one table, as grep and awk want it.
    for (const count of counts) printer.note(inWords(count));
  }
  printer.rows(found, CONNECTIONS, asJson, "no connection is open");
}

function inWords({ listener, kind, connections, requests, channels, suspended }: ConnectionCount) {
  const more = [
    ...(requests > 0 ? [`${requests} requests`] : []),
    ...(channels > 0 ? [`${channels} channels`] : []),
    ...(suspended > 0 ? [`${suspended} suspended`] : []),
  ];
  return [`${listener}: ${connections} ${kind}`, ...more].join(", ");
}

function asJson({
  pid,
  listener,
  kind,
  requests,
  channels,
  suspended,
  evidence,
}: Connection): Json {
  return {
    pid: String(pid),
    listener,
    kind,
    requests: requests.map(String),
    channels: channels.map((channel) => channel.topic ?? String(channel.pid)),
    suspended,
    evidence,
  };
}

const COUNTS: readonly Column<ConnectionCount>[] = [
  { title: "LISTENER", cell: ({ listener }) => listener },
  { title: "KIND", cell: ({ kind }) => kind },
  { title: "CONNECTIONS", cell: ({ connections }) => connections, right: true },
  { title: "REQUESTS", cell: ({ requests }) => requests, right: true },
  { title: "CHANNELS", cell: ({ channels }) => channels, right: true },
  { title: "SUSPENDED", cell: ({ suspended }) => suspended, right: true },
];

const CONNECTIONS: readonly Column<Connection>[] = [
  { title: "PID", cell: ({ pid }) => String(pid) },
  { title: "LISTENER", cell: ({ listener }) => listener },
  { title: "KIND", cell: ({ kind }) => kind },
  { title: "REQUESTS", cell: ({ requests }) => requests.length, right: true },
  { title: "CHANNELS", cell: ({ channels }) => channels.length, right: true },
  { title: "STATE", cell: ({ suspended }) => (suspended ? "suspended" : "running") },
  { title: "KNOWN BY", cell: ({ evidence }) => evidence },
];
