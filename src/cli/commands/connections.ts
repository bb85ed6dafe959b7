/** `beamctl connections`: each connection with its kind and how that is known. */

import { detectSockets } from "../../topology/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, local) =>
  observe(globals, async ({ remote }) => {
    const printer = new Printer(globals);
    const found = await detectSockets(remote);
    if ("notDetected" in found) {
      printer.note(`no connection can be seen: ${found.notDetected}`);
      return EXIT.degraded;
    }
    const shown = found.connections.filter(
      ({ kind }) => local["websockets"] !== true || kind === "websocket",
    );
    printer.rows(
      shown,
      [
        { title: "PID", cell: ({ pid }) => String(pid) },
        { title: "LISTENER", cell: ({ listener }) => listener },
        { title: "KIND", cell: ({ kind }) => kind },
        { title: "REQUESTS", cell: ({ requests }) => requests.length, right: true },
        { title: "CHANNELS", cell: ({ channels }) => channels.length, right: true },
        { title: "STATE", cell: ({ suspended }) => (suspended ? "suspended" : "running") },
        { title: "KNOWN BY", cell: ({ evidence }) => evidence },
      ],
      ({ pid, listener, kind, requests, channels, suspended, evidence }) => ({
        pid: String(pid),
        listener,
        kind,
        requests: requests.map(String),
        channels: channels.map((channel) => channel.topic ?? String(channel.pid)),
        suspended,
        evidence,
      }),
      "no connection is open",
    );
    for (const { listener, supervisor } of found.unanswered) {
      printer.note(`warning: ${listener}: supervisor ${supervisor} does not answer`);
    }
    return found.unanswered.length > 0 ? EXIT.degraded : undefined;
  });
