/** Random terms of every kind, made on real nodes and here, come back the same as binaries: the nodes say so with `=:=`. */

import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decode, EncodeError, encode, TermWriter } from "../../src/etf/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  atom,
  equals,
  Float,
  inspect,
  type Term,
  TermMap,
  Tuple,
  tuple,
} from "../../src/term/index.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const SETS: readonly OtpSet[] = ["otp25", "otp27", "otp29"];
const BATCHES = 50;
const BATCH = 500;
const GENERATOR = fileURLToPath(new URL("../support/generator/random_terms.erl", import.meta.url));
const MODULE = "random_terms";
const options = { timeout: 60_000 };

describe.each(SETS)("terms of %s", (set) => {
  let beam: BeamProcess;
  let node: BeamNode;
  let release: number;

  beforeAll(async () => {
    const otp = await provision(set);
    release = Number(otp.release);
    beam = await startErl({
      otp,
      eval:
        `{ok, M, B} = compile:file(${JSON.stringify(GENERATOR)}, [binary, report]), ` +
        "{module, M} = code:load_binary(M, [], B), M:start()",
    });
    const address = { host: "127.0.0.1", port: beam.port };
    node = await connect(beam.name, { cookie: beam.cookie, address });
  });

  afterAll(async () => {
    await node?.close();
    await beam?.[Symbol.asyncDispose]();
  });

  it(`come back as binaries: ${BATCHES * BATCH} of them`, async () => {
    for (let seed = BATCHES + 1; seed <= BATCHES * 2; seed++) {
      const written = (await node.call(MODULE, "binaries", [seed, BATCH], options)) as Uint8Array[];
      const terms = written.map((bytes) => decode(bytes));
      const back = terms.map((term) => encode(term));
      const differing = await node.call(MODULE, "same_binaries", [seed, BATCH, back], options);
      expect(inspect(differing)).toBe("[]");
    }
  });

  it("that are made here survive the node's own codec", async () => {
    const terms = fc.sample(arbitraryTerm(), 5_000).filter(isTermEverywhere);
    const answers = (await node.call(
      MODULE,
      "again",
      [terms.map((term) => encode(term))],
      options,
    )) as Term[];
    for (const [at, term] of terms.entries()) {
      const answer = answers[at] as Term;
      const found = answer instanceof Uint8Array ? decode(answer) : answer;
      expect(equals(found, term), `${inspect(term)} became ${inspect(found)}`).toBe(true);
    }
  });

  it("that are made here are echoed by a process", async () => {
    await using mailbox = node.mailbox();
    const terms = fc.sample(arbitraryTerm(), 5_000).filter(isTermEverywhere);
    for (const term of terms) {
      node.send("echo", new Tuple([mailbox.pid, term]));
    }
    for (const term of terms) {
      const found = await mailbox.receive(options);
      expect(equals(found, term), `${inspect(term)} became ${inspect(found)}`).toBe(true);
    }
  });

  it("with both zeros as keys of a map reach those that keep them apart, and no others", async () => {
    await using mailbox = node.mailbox();
    const term = new TermMap([
      [tuple(new Float(0)), 1],
      [tuple(new Float(-0)), 2],
    ]);
    const send = () => node.send("echo", new Tuple([mailbox.pid, term]));
    if (release < 27) expect(send).toThrow(EncodeError);
    else send();
    node.send("echo", new Tuple([mailbox.pid, new Float(-0)]));
    if (release >= 27) expect(equals(await mailbox.receive(options), term)).toBe(true);
    expect(inspect(await mailbox.receive(options))).toBe("-0.0");
  });

  it("are written byte for byte as OTP 26 and later write them", async ({ skip }) => {
    skip(release < 26, "older ones write atoms in other tags");
    const terms = (await node.call(MODULE, "batch", [999, BATCH], options)) as Term[];
    const ours = terms.map((term) => encode(term));
    const theirs = (await node.call(MODULE, "again", [ours], options)) as Uint8Array[];
    for (const [at, bytes] of theirs.entries()) {
      expect(Buffer.from(ours[at] as Uint8Array).toString("hex")).toBe(
        Buffer.from(bytes).toString("hex"),
      );
    }
  });
});

/** A node of OTP 25. */
const OLD = {
  node: atom("some@node"),
  creation: 9,
  v4: true,
  wide: false,
  signedZeros: false,
  newAtoms: 0,
};

/** Whether nodes before OTP 27 have this term too. */
function isTermEverywhere(term: Term): boolean {
  try {
    new TermWriter(OLD).write(term);
    return true;
  } catch (error) {
    if (error instanceof EncodeError) return false;
    throw error;
  }
}
