/** `beamctl listeners`: who accepts connections, and whether it does now. */

import { listeners } from "../../topology/index.ts";
import { Printer } from "../output/printer.ts";
import type { Run } from "../program.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals) =>
  observe(globals, async ({ remote }) => {
    new Printer(globals).rows(
      await listeners(remote),
      [
        { title: "LISTENER", cell: ({ name }) => name },
        {
          title: "ADDRESS",
          cell: ({ address }) => (address ? `${address.ip}:${address.port}` : "-"),
        },
        { title: "STATUS", cell: ({ status }) => status },
        {
          title: "ACCEPTORS",
          cell: ({ acceptors }) =>
            `${acceptors.filter(({ pid }) => pid !== undefined).length}/${acceptors.length}`,
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
