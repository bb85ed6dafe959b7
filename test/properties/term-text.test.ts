import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equals, inspect, parse, type Syntax, TermSyntaxError } from "../../src/term/index.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const home = { node: "shop@10.0.0.7", creation: 1701 };
const literal = arbitraryTerm({ without: ["fun"], home });
const syntaxes: readonly Syntax[] = ["elixir", "erlang"];

describe.each(syntaxes)("a term as text in %s syntax", (syntax) => {
  const read = (source: string) => parse(source, { syntax, ...home });

  it("reads back as the same term", () => {
    fc.assert(
      fc.property(literal, (term) => {
        const source = inspect(term, { syntax, node: home.node });
        expect(equals(read(source), term), source).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("reads back whatever the width of the lines", () => {
    fc.assert(
      fc.property(literal, fc.nat({ max: 100 }), (term, width) => {
        const source = inspect(term, { syntax, width });
        expect(equals(read(source), term), source).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("holds no character that could steer a terminal", () => {
    fc.assert(
      fc.property(arbitraryTerm(), (term) => {
        expect(inspect(term, { syntax, node: "a@b" })).not.toMatch(/\p{Cc}|\p{Cf}/u);
      }),
    );
  });

  it("keeps within the limit", () => {
    fc.assert(
      fc.property(fc.array(arbitraryTerm({ maxDepth: 1 })), fc.nat({ max: 5 }), (terms, limit) => {
        fc.pre(terms.length > limit && !terms.every((term) => typeof term === "number"));
        expect(inspect(terms, { syntax, limit })).toContain("...");
      }),
    );
  });

  it("is a term or a syntax error, whatever was cut, doubled or swapped", () => {
    const cut = fc.tuple(literal, fc.nat(), fc.nat(), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(cut, ([term, from, to, between]) => {
        const source = inspect(term, { syntax });
        const a = from % (source.length + 1);
        const b = to % (source.length + 1);
        readOrRefuse(source.slice(0, a) + between + source.slice(b));
      }),
      { numRuns: 3000 },
    );
  });

  it("is a term or a syntax error, whatever is written", () => {
    const token = fc.constantFrom(
      ...'[ ] { } << >> %{ #{ } => , | : :: / & . - 1 0x 16# " \' ~c" a: :a A #PID< < > fun ? $ \\ _ e 1.0 size( )'.split(
        " ",
      ),
      " ",
      "\n",
      "%",
      "#",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => readOrRefuse(tokens.join(""))),
      { numRuns: 5000 },
    );
  });

  function readOrRefuse(source: string): void {
    try {
      read(source);
    } catch (error) {
      expect(error, source).toBeInstanceOf(TermSyntaxError);
      const { offset } = error as TermSyntaxError;
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(offset).toBeLessThanOrEqual(source.length);
    }
  }
});
