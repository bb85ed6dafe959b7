/** Integers of any base and size, read within a bounded time. */

import { MAX_INTEGER_DIGITS } from "./limits.ts";
import type { Scanner } from "./scanner.ts";

/** Digits that a `number` surely holds in any base up to 36. */
const CHUNK = 9;

/** The integer that these digits, perhaps with single underscores between, mean in this base. */
export function integer(
  scanner: Scanner,
  digits: string,
  base: number,
  negative: boolean,
  offset: number,
): number | bigint {
  const plain = withoutUnderscores(scanner, digits, offset);
  if (plain.length > MAX_INTEGER_DIGITS) {
    scanner.fail(`an integer of at most ${MAX_INTEGER_DIGITS} digits`, { offset });
  }
  const small = Number.parseInt(plain, base);
  if (Number.isSafeInteger(small)) return negative && small !== 0 ? -small : small;
  const big = base === 10 ? BigInt(plain) : bigOfBase(plain, base);
  return negative ? -big : big;
}

/** The digits alone; an underscore is allowed between two of them only. */
export function withoutUnderscores(scanner: Scanner, digits: string, offset: number): string {
  if (!digits.includes("_")) return digits;
  if (/^_|__|_$/.test(digits)) scanner.fail("underscores only between two digits", { offset });
  return digits.replaceAll("_", "");
}

function bigOfBase(digits: string, base: number): bigint {
  let value = 0n;
  for (let at = 0; at < digits.length; at += CHUNK) {
    const chunk = digits.slice(at, at + CHUNK);
    value = value * BigInt(base ** chunk.length) + BigInt(Number.parseInt(chunk, base));
  }
  return value;
}
