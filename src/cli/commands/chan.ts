/** `beamctl chan ls`: the channel processes with topic, socket and queue. */

import { detectSockets } from "../../topology/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals) =>
  observe(globals, async ({ remote }) => {
    const printer = new Printer(globals);
    const found = await detectSockets(remote);
    if ("notDetected" in found) {
      printer.note(`no channel can be seen: ${found.notDetected}`);
      return EXIT.degraded;
    }
    printer.rows(
      found.channels,
      [
        { title: "PID", cell: ({ pid }) => String(pid) },
        { title: "TOPIC", cell: ({ topic }) => topic ?? "-" },
        { title: "MODULE", cell: ({ module }) => module },
        { title: "SOCKET", cell: ({ transport }) => String(transport) },
        { title: "QUEUE", cell: ({ queue }) => queue, right: true },
        { title: "STATE", cell: ({ suspended }) => (suspended ? "suspended" : "running") },
      ],
      ({ pid, topic, module, transport, queue, suspended }) => ({
        pid: String(pid),
        topic: topic ?? null,
        module,
        transport: String(transport),
        queue,
        suspended,
      }),
      "no channel is joined",
    );
    return undefined;
  });
