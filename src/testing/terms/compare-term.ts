/** Terms against patterns and terms, with what a failing test should say. */

import { equals, type Term } from "../../term/index.ts";
import { shown } from "./pattern-text.ts";
import { termDiff } from "./term-diff.ts";
import { TermPattern } from "./term-pattern.ts";

/** The outcome of a comparison: what to say if it is not the one wished for. */
export interface Compared {
  readonly pass: boolean;
  /** What to say; only asked for when it is said. */
  message(): string;
}

/** Whether the value matches the pattern, or is the term. */
export function compareMatch(value: unknown, pattern: TermPattern | Term): Compared {
  if (!(pattern instanceof TermPattern)) return compareEqual(value, pattern);
  const mismatch = pattern.explain(value as Term);
  if (mismatch === undefined) {
    const message = () =>
      `expected ${shown(value, pattern.syntax)} not to match ${String(pattern)}`;
    return { pass: true, message };
  }
  const message = (): string => {
    const whole = mismatch.path === "";
    const place = whole ? "" : `\nat ${mismatch.path}`;
    const rest = whole ? "" : `\nwhole term: ${shown(value, pattern.syntax)}`;
    const { expected, got } = mismatch;
    return `expected a term that matches ${String(pattern)}${place}\nexpected: ${expected}\ngot: ${got}${rest}`;
  };
  return { pass: false, message };
}

/** Whether the value is this very term. */
export function compareEqual(value: unknown, pattern: TermPattern | Term): Compared {
  const expected = pattern instanceof TermPattern ? pattern.toTerm() : pattern;
  if (isEqual(value, expected)) {
    return { pass: true, message: () => `expected another term than ${shown(expected)}` };
  }
  const message = (): string => {
    const text = shown(value);
    if (text.endsWith("no Erlang term")) return `expected ${shown(expected)}\ngot: ${text}`;
    const mismatch = new TermPattern({ kind: "value", term: expected }, "elixir").explain(
      value as Term,
    );
    const place = mismatch?.path ? ` at ${mismatch.path}` : "";
    const diff = termDiff(expected, value as Term);
    return `the terms differ${place}: expected (-), got (+)\n${diff}`;
  };
  return { pass: false, message };
}

function isEqual(value: unknown, expected: Term): boolean {
  try {
    return equals(value as Term, expected);
  } catch {
    return false; // no Erlang term
  }
}
