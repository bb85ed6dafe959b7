/** `beamctl listeners`: who accepts connections, and whether it does now. */

import { detectListeners, isRunning } from "../../topology/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals) =>
  observe(globals, async ({ remote }) => {
    const printer = new Printer(globals);
    const found = await detectListeners(remote);
    if ("notDetected" in found) {
      printer.note(`no listener can be seen: ${found.notDetected}`);
      return EXIT.degraded;
    }
    printer.rows(
      found,
      [
        { title: "LISTENER", cell: ({ name }) => name },
        {
          title: "ADDRESS",
          cell: ({ address }) => (address ? `${address.ip}:${address.port}` : "-"),
        },
        { title: "STATUS", cell: ({ status }) => status },
        {
          title: "ACCEPTORS",
          cell: ({ acceptors }) => `${acceptors.filter(isRunning).length}/${acceptors.length}`,
          right: true,
        },
        { title: "KIND", cell: ({ kind }) => kind },
        { title: "KNOWN BY", cell: ({ evidence }) => evidence },
      ],
      ({ name, kind, status, address, acceptors, pid, evidence }) => ({
        name,
        kind,
        status,
        address: address ?? null,
        acceptors: acceptors.map((acceptor) => (acceptor.pid ? String(acceptor.pid) : null)),
        pid: String(pid),
        evidence,
      }),
      "no listener was found",
    );
    return undefined;
  });
