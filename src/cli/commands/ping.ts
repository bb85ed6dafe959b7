/** `beamctl ping`: how long the handshake and a round trip take. */

import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals) => {
  const printer = new Printer(globals);
  const started = performance.now();
  return operate(globals, async ({ node, signal }) => {
    const handshakeMs = performance.now() - started;
    const roundTripMs = await node.ping({ signal });
    if (printer.format === "auto") {
      const times = `handshake ${handshakeMs.toFixed(1)} ms, round trip ${roundTripMs.toFixed(2)} ms`;
      process.stdout.write(`pong from ${node.name} (${times})\n`);
    } else {
      printer.record({ node: node.name, handshakeMs, roundTripMs });
    }
    return undefined;
  });
};
