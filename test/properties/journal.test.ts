import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packTerms, unpackTerms } from "../../src/guard/index.ts";
import { frame, HEADER, readFrames } from "../../src/guard/journal/frames.ts";
import { equals, type Term } from "../../src/term/index.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const records = fc.array(fc.record({ seq: fc.nat(), detail: arbitraryTerm({ maxDepth: 2 }) }), {
  minLength: 1,
  maxLength: 6,
});

function file(list: readonly unknown[]): { bytes: Uint8Array; starts: number[] } {
  const parts: Uint8Array[] = [HEADER];
  const starts: number[] = [];
  let length = HEADER.length;
  for (const record of list) {
    const part = frame(record);
    starts.push(length);
    length += part.length;
    parts.push(part);
  }
  return { bytes: Buffer.concat(parts), starts };
}

describe("the journal's bytes", () => {
  test("hold every term", () => {
    fc.assert(
      fc.property(arbitraryTerm(), (term) => {
        const back = unpackTerms(packTerms({ term })) as { term: Term };
        return equals(back.term, term);
      }),
      { numRuns: 2_000 },
    );
  });

  test("cut at any byte give a prefix of the records", () => {
    fc.assert(
      fc.property(records, (list) => {
        const { bytes, starts } = file(list);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const whole = [...starts.slice(1), bytes.length].filter((end) => end <= cut).length;
          const read = readFrames(bytes.subarray(0, cut));
          expect(read.records).toHaveLength(whole);
          expect(read.end).toBe(
            cut < HEADER.length
              ? 0
              : whole === 0
                ? HEADER.length
                : [...starts.slice(1), bytes.length][whole - 1],
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  test("with a byte changed before the last record name the damaged record", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, where, flip) => {
        const { bytes, starts } = file([...list, { seq: 1 }]);
        const last = starts.at(-1) as number;
        const at = HEADER.length + (where % (last - HEADER.length));
        bytes[at] = (bytes[at] as number) ^ flip;
        const damaged = starts.filter((start) => start <= at).at(-1);
        expect(readFrames(bytes).damage?.offset).toBe(damaged);
      }),
      { numRuns: 500 },
    );
  });

  test("with a byte changed in the last record give all others", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, where, flip) => {
        const { bytes, starts } = file(list);
        const last = starts.at(-1) as number;
        const at = last + (where % (bytes.length - last));
        bytes[at] = (bytes[at] as number) ^ flip;
        const read = readFrames(bytes);
        expect([read.records.length, read.end]).toEqual([list.length - 1, last]);
      }),
      { numRuns: 300 },
    );
  });

  test("followed by anything but a record are read up to there", () => {
    fc.assert(
      fc.property(records, fc.uint8Array({ maxLength: 200 }), (list, tail) => {
        const { bytes } = file(list);
        const read = readFrames(Buffer.concat([bytes, tail]));
        expect([read.records.length, read.end]).toEqual([list.length, bytes.length]);
      }),
      { numRuns: 300 },
    );
  });
});
