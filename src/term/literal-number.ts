/** Numbers of both syntaxes, with their sign. */

import { integer, withoutUnderscores } from "./literal-integer.ts";
import type { Scanner } from "./scanner.ts";
import { Float } from "./values.ts";

const ELIXIR_BASED = /0([xob])([0-9a-fA-F_]+)/y;
const ERLANG_BASED = /([0-9_]+)#([0-9a-zA-Z_]+)/y;
const DECIMAL = /([0-9][0-9_]*)(\.[0-9][0-9_]*([eE][+-]?[0-9][0-9_]*)?)?/y;
const BASES: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 };

/** Whether a number begins here: a digit, or a sign before one. */
export function startsNumber(scanner: Scanner): boolean {
  const { next } = scanner;
  if (next >= "0" && next <= "9") return true;
  if (next !== "-" && next !== "+") return false;
  const after = scanner.source.charAt(scanner.offset + 1);
  return after >= "0" && after <= "9";
}

/** An integer such as `1_000` or `0xFF`, or a float, in Elixir syntax. */
export function elixirNumber(scanner: Scanner): number | bigint | Float {
  const offset = scanner.offset;
  const negative = sign(scanner);
  const based = scanner.match(ELIXIR_BASED);
  if (based === undefined) return decimal(scanner, negative, offset);
  const [, letter = "", digits = ""] = based;
  return checked(scanner, digits, BASES[letter] as number, negative, offset);
}

/** An integer such as `1_000` or `16#FF`, or a float, in Erlang syntax. */
export function erlangNumber(scanner: Scanner): number | bigint | Float {
  const offset = scanner.offset;
  const negative = sign(scanner);
  const based = scanner.match(ERLANG_BASED);
  if (based === undefined) return decimal(scanner, negative, offset);
  const [, baseText = "", digits = ""] = based;
  const base = Number(withoutUnderscores(scanner, baseText, offset));
  if (!(base >= 2 && base <= 36)) scanner.fail("a base from 2 to 36", { offset });
  return checked(scanner, digits, base, negative, offset);
}

function sign(scanner: Scanner): boolean {
  const negative = scanner.take("-");
  if (!negative) scanner.take("+");
  return negative;
}

function checked(
  scanner: Scanner,
  digits: string,
  base: number,
  negative: boolean,
  offset: number,
): number | bigint {
  const last = (base - 1).toString(36);
  const highest = base <= 10 ? `0-${last}` : `0-9a-${last}A-${last.toUpperCase()}`;
  if (!new RegExp(`^[${highest}_]+$`).test(digits)) {
    scanner.fail(`digits of base ${base}`, { offset });
  }
  return integer(scanner, digits, base, negative, offset);
}

function decimal(scanner: Scanner, negative: boolean, offset: number): number | bigint | Float {
  const found = scanner.match(DECIMAL);
  if (found === undefined) return scanner.fail("a number");
  const [whole, digits = "", fraction] = found;
  if (fraction === undefined) {
    if (/[eE]/.test(scanner.next)) {
      scanner.fail("a fraction before the exponent", { remedy: `write ${digits}.0e10` });
    }
    return integer(scanner, digits, 10, negative, offset);
  }
  // Underscores are checked in each part of the number, so that none stands beside the dot or the exponent.
  for (const part of whole.split(/\.|[eE][+-]?/)) withoutUnderscores(scanner, part, offset);
  const value = Number(whole.replaceAll("_", ""));
  if (!Number.isFinite(value)) scanner.fail("a float that 64 bits can hold", { offset });
  return new Float(negative ? -value : value);
}
