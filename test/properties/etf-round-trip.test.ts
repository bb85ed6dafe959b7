import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, TermReader, TermWriter } from "../../src/etf/index.ts";
import { equals } from "../../src/term/index.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const any = arbitraryTerm();

describe("encoding and decoding", () => {
  it("gives the same term back", () => {
    fc.assert(
      fc.property(any, (term) => {
        expect(equals(decode(encode(term)), term)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives the same bytes back", () => {
    fc.assert(
      fc.property(any, (term) => {
        const bytes = encode(term);
        expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads one term after another, and needs every byte of each", () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), (terms) => {
        const writer = new TermWriter();
        for (const term of terms) writer.write(term);
        const bytes = Buffer.concat(writer.parts());
        expect(writer.byteLength).toBe(bytes.length);
        const reader = new TermReader(bytes);
        for (const term of terms) expect(equals(reader.read(), term)).toBe(true);
        expect(reader.offset).toBe(bytes.length);
      }),
    );
  });

  it("keeps writers apart that write at the same time", () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 2, maxLength: 6 }), (terms) => {
        const open = terms.map((term) => ({ term, writer: new TermWriter() }));
        for (const { term, writer } of open) writer.write(term);
        const done = open.map(({ term, writer }) => ({ term, parts: writer.parts() }));
        const later = new TermWriter();
        later.write(terms);
        for (const { term, parts } of done) {
          expect(equals(new TermReader(Buffer.concat(parts)).read(), term)).toBe(true);
        }
        expect(equals(new TermReader(Buffer.concat(later.parts())).read(), terms)).toBe(true);
      }),
    );
  });
});
