/** One segment of `<<...>>`: a value with its type, size, unit and byte order, in the rules of the bit syntax. */

import type { BitWriter } from "./bit-writer.ts";
import { MAX_BINARY_BYTES } from "./limits.ts";
import type { Scanner } from "./scanner.ts";
import type { Term } from "./term.ts";
import { Bitstring, Float } from "./values.ts";

type SegmentType = "integer" | "float" | "binary" | "bitstring" | "utf8" | "utf16" | "utf32";

/** What stands behind a segment's value; what is missing has its default. */
export interface SegmentSpec {
  type?: SegmentType;
  size?: number;
  unit?: number;
  little?: boolean;
}

const TYPES: Readonly<Record<string, SegmentSpec>> = {
  integer: { type: "integer" },
  float: { type: "float" },
  binary: { type: "binary" },
  bytes: { type: "binary" },
  bitstring: { type: "bitstring" },
  bits: { type: "bitstring" },
  utf8: { type: "utf8" },
  utf16: { type: "utf16" },
  utf32: { type: "utf32" },
  little: { little: true },
  big: { little: false },
  signed: {},
  unsigned: {},
};

const NAME = /[a-z][a-z0-9]*/y;
const NUMBER = /[0-9]{1,9}/y;

/** `size(3)-unit(8)-little`, or a bare size: what stands behind `::` in Elixir. */
export function elixirSpec(scanner: Scanner): SegmentSpec {
  const spec: SegmentSpec = {};
  do {
    scanner.space();
    const size = scanner.match(NUMBER);
    const name = size === undefined ? scanner.match(NAME)?.[0] : "size";
    if (name === "size" || name === "unit") {
      spec[name] = size === undefined ? inParentheses(scanner) : Number(size[0]);
    } else {
      Object.assign(spec, typeNamed(scanner, name));
    }
    scanner.space();
  } while (scanner.take("-"));
  return spec;
}

/** `:3/little-unit:8`, each part optional: what stands behind a value in Erlang. */
export function erlangSpec(scanner: Scanner): SegmentSpec {
  const spec: SegmentSpec = {};
  scanner.space();
  if (scanner.take(":")) spec.size = count(scanner);
  scanner.space();
  if (!scanner.take("/")) return spec;
  do {
    scanner.space();
    const name = scanner.match(NAME)?.[0];
    if (name === "unit") {
      scanner.expect(":");
      spec.unit = count(scanner);
    } else {
      Object.assign(spec, typeNamed(scanner, name));
    }
    scanner.space();
  } while (scanner.take("-"));
  return spec;
}

/** Writes one value, which began at `offset`. */
export function writeSegment(
  scanner: Scanner,
  writer: BitWriter,
  value: Term,
  spec: SegmentSpec,
  offset: number,
): void {
  const { type = defaultType(value), little = false } = spec;
  const at = { offset };
  const checked = (bits: number): number => {
    if (!writer.fits(bits)) scanner.fail(`a binary of at most ${MAX_BINARY_BYTES} bytes`, at);
    return bits;
  };
  if (type === "integer") {
    if (typeof value !== "number" && typeof value !== "bigint") scanner.fail("an integer", at);
    writer.integer(value, checked((spec.size ?? 8) * (spec.unit ?? 1)), little);
  } else if (type === "float") {
    const bytes = floatBytes(value, (spec.size ?? 64) * (spec.unit ?? 1), little);
    if (bytes === undefined) scanner.fail("a number that a float of 32 or 64 bits can hold", at);
    writer.append(bytes, checked(bytes.length * 8));
  } else if (type === "binary" || type === "bitstring") {
    const bytes = value instanceof Bitstring ? value.bytes : value;
    if (!(bytes instanceof Uint8Array)) scanner.fail("a binary", at);
    const there = bytes.length * 8 - (value instanceof Bitstring ? 8 - value.bits : 0);
    const unit = spec.unit ?? (type === "binary" ? 8 : 1);
    const wanted = spec.size === undefined ? there : spec.size * unit;
    if (wanted > there || wanted % unit !== 0) scanner.fail("a binary of the given size", at);
    writer.append(bytes, checked(wanted));
  } else {
    const text = textOfSegment(value);
    if (text === undefined) scanner.fail("a character or text", at);
    const bytes = encoded(text, type, little);
    writer.append(bytes, checked(bytes.length * 8));
  }
}

function defaultType(value: Term): SegmentType {
  if (value instanceof Float) return "float";
  return value instanceof Uint8Array || value instanceof Bitstring ? "bitstring" : "integer";
}

function typeNamed(scanner: Scanner, name: string | undefined): SegmentSpec {
  const found = name !== undefined && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  return (
    found ?? scanner.fail("a size or a type of the bit syntax, such as integer, little or utf8")
  );
}

function inParentheses(scanner: Scanner): number {
  scanner.expect("(");
  const found = count(scanner);
  scanner.expect(")");
  return found;
}

function count(scanner: Scanner): number {
  scanner.space();
  return Number(scanner.match(NUMBER)?.[0] ?? scanner.fail("a number of up to 9 digits"));
}

function floatBytes(term: Term, bits: number, little: boolean): Uint8Array | undefined {
  const value = term instanceof Float ? term.value : term;
  if (typeof value !== "number") return undefined;
  const bytes = new Uint8Array(bits === 32 ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (bits === 64) view.setFloat64(0, value, little);
  else if (bits === 32 && Number.isFinite(Math.fround(value))) view.setFloat32(0, value, little);
  else return undefined;
  return bytes;
}

function textOfSegment(value: Term): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (typeof value !== "number" || value < 0 || value > 0x10ffff) return undefined;
  return value >= 0xd800 && value < 0xe000 ? undefined : String.fromCodePoint(value);
}

function encoded(text: string, type: "utf8" | "utf16" | "utf32", little: boolean): Uint8Array {
  if (type === "utf8") return Buffer.from(text, "utf8");
  if (type === "utf16") {
    const bytes = Buffer.from(text, "utf16le");
    return little ? bytes : bytes.swap16();
  }
  const characters = [...text];
  const bytes = new Uint8Array(characters.length * 4);
  const view = new DataView(bytes.buffer);
  characters.forEach((character, index) => {
    view.setUint32(index * 4, character.codePointAt(0) as number, little);
  });
  return bytes;
}
