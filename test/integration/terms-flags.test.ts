/** Hundreds of thousands of random terms, over each of the four ways that messages are framed: made on real nodes, sent back, and compared there with `=:=`. */

import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FlagName, type Flags, flags, hasFlag, OFFERED } from "../../src/dist/index.ts";
import { BeamNode } from "../../src/node/beam-node.ts";
import { greet } from "../../src/node/greet.ts";
import { inspect } from "../../src/term/index.ts";
import { connectTcp } from "../../src/transport/index.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const SETS: readonly OtpSet[] = ["otp23", "otp25", "otp27", "otp29"];
const FRAMINGS: readonly (readonly [string, readonly FlagName[]])[] = [
  ["headers and fragments", []],
  ["headers only", ["FRAGMENTS"]],
  ["fragments only", ["DIST_HDR_ATOM_CACHE"]],
  ["neither", ["FRAGMENTS", "DIST_HDR_ATOM_CACHE"]],
];
const BATCH = 500;
/** With 4 releases and 4 framings these are 400,000 terms; 125 batches are a million. */
const BATCHES = Number(process.env["BEAMCTL_TERM_BATCHES"] ?? 50);
const GENERATOR = fileURLToPath(new URL("../support/generator/random_terms.erl", import.meta.url));

function without(names: readonly FlagName[]): Flags {
  const { low } = flags(names);
  return { high: OFFERED.high, low: (OFFERED.low & ~low) >>> 0 };
}

async function join(beam: BeamProcess, offered: Flags): Promise<BeamNode> {
  const link = await greet(await connectTcp({ host: "127.0.0.1", port: beam.port }), {
    session: {
      role: "initiator",
      name: `flags_${randomInt(1e9)}@localhost`,
      creation: randomInt(4, 2 ** 32),
      challenge: randomInt(2 ** 32),
      cookie: beam.cookie,
      flags: offered,
    },
    timeout: 5_000,
    maxPending: 100,
  });
  const node = new BeamNode(link);
  await node.prepare({});
  return node;
}

describe.each(SETS)("with %s", (set) => {
  let beam: BeamProcess;
  beforeAll(async () => {
    beam = await startErl({
      otp: await provision(set),
      eval:
        `{ok, M, B} = compile:file(${JSON.stringify(GENERATOR)}, [binary, report]), ` +
        "{module, M} = code:load_binary(M, [], B), M:start()",
    });
  });
  afterAll(async () => {
    await beam?.[Symbol.asyncDispose]();
  });

  it.each(FRAMINGS)("by %s", { timeout: 300_000 }, async (_name, less) => {
    await using node = await join(beam, without(less));
    for (const name of less) expect(hasFlag(node.flags, name)).toBe(false);
    const options = { timeout: 60_000 };
    const first = randomInt(1_000_000);
    for (let seed = first; seed < first + BATCHES; seed++) {
      const terms = await node.call("random_terms", "batch", [seed, BATCH], options);
      const differing = await node.call("random_terms", "same", [seed, BATCH, terms], options);
      expect(inspect(differing), `seed ${seed}`).toBe("[]");
    }
  });
});
