import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, decode, encode } from "../../src/etf/index.ts";
import { equals, type Term } from "../../src/term/index.ts";
import { COMPRESSED, CURRENT, OLD } from "../etf/vectors.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const known = [
  ...[...CURRENT, ...OLD].map(({ hex }) => Buffer.from(`83${hex}`, "hex")),
  ...COMPRESSED.map((hex) => Buffer.from(hex, "hex")),
];
const encoded = fc.oneof(
  arbitraryTerm().map((term) => Buffer.from(encode(term))),
  fc.constantFrom(...known),
);

/** The term, or undefined when it is refused; anything thrown but DecodeError fails the test. */
function attempt(bytes: Uint8Array): Term | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) {
      expect(error.offset).toBeGreaterThanOrEqual(0);
      return undefined;
    }
    throw error;
  }
}

describe("damaged bytes", () => {
  it("are refused when they end too early, wherever that is", () => {
    for (const bytes of known) {
      for (let length = 0; length < bytes.length; length++) {
        expect(attempt(bytes.subarray(0, length))).toBe(undefined);
      }
    }
    fc.assert(
      fc.property(encoded, fc.nat(), (bytes, at) => {
        expect(attempt(bytes.subarray(0, at % bytes.length))).toBe(undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it("are refused or another term, and that term encodes and decodes", () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(encoded, fc.array(change, { minLength: 1, maxLength: 4 }), (bytes, changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at % damaged.length] = value;
        const term = attempt(damaged);
        if (term !== undefined) expect(equals(decode(encode(term)), term)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });

  it("are refused or a term when parts are cut out, doubled or swapped", () => {
    fc.assert(
      fc.property(encoded, encoded, fc.nat(), fc.nat(), (left, right, from, to) => {
        const parts = [left.subarray(0, from % left.length), right.subarray(to % right.length)];
        attempt(Buffer.concat(parts));
        attempt(Buffer.concat([left, ...parts]));
      }),
      { numRuns: 3000 },
    );
  });

  it("are refused or a term when they are of no origin at all", () => {
    const tags = fc.constantFrom(
      67,
      70,
      77,
      80,
      82,
      88,
      89,
      90,
      ...Array.from({ length: 25 }, (_, at) => at + 97),
    );
    const noise = fc.array(fc.oneof(tags, fc.constantFrom(0, 1, 2, 255), fc.nat({ max: 255 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(noise, (bytes) => {
        attempt(Uint8Array.from([131, ...bytes]));
      }),
      { numRuns: 20_000 },
    );
  });
});
