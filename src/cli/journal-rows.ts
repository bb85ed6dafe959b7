/** Journal records as rows for people and as JSON for programs. */

import type { JournalRecord } from "../guard/index.ts";
import { inspect, Pid, type Term } from "../term/index.ts";
import { type Json, termToJson } from "./output/json.ts";
import type { Column } from "./output/rows.ts";

/** A record and the file that it is in. */
export interface Row {
  readonly file: string;
  readonly record: JournalRecord;
}

/** Of a list for people this many are named; a machine gets all. */
const SHOWN = 8;

/** The fields that every record has; the others are its details. */
const COMMON = new Set(["v", "seq", "at", "op", "kind"]);

/** What people see of a record. */
export const COLUMNS: readonly Column<Row>[] = [
  { title: "seq", cell: ({ record }) => record.seq, right: true },
  { title: "time", cell: ({ record }) => timeOf(record) },
  { title: "operation", cell: ({ record }) => record.op.slice(0, 8) },
  { title: "kind", cell: ({ record }) => record.kind },
  { title: "details", cell: ({ record }) => detailsOf(record) },
];

/** `{file, seq, at, time, op, kind, ...}` with every field of the record; terms as {@link termToJson} writes them. */
export function rowToJson({ file, record }: Row): Json {
  const { seq, at, op, kind } = record;
  const details = Object.entries(record).filter(([name]) => !COMMON.has(name));
  const fields = details.map(([name, value]) => [name, toJson(value)]);
  return { file, seq, at, time: timeOf(record), op, kind, ...Object.fromEntries(fields) };
}

// A record's time is read from a file: a checksum does not make it a date.
function timeOf({ at }: JournalRecord): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

function detailsOf(record: JournalRecord): string {
  return Object.entries(record)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join(", ");
}

/** Our own fields are plain values of JavaScript; whatever else is in them is a term. */
function toJson(value: unknown): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
  }
  return termToJson(value as Term);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return list(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isPlain(value)) {
    const inner = Object.entries(value).map(([key, field]) => `${key}: ${shown(field)}`);
    return `{${inner.join(", ")}}`;
  }
  return value instanceof Pid ? pid(value) : inspect(value as Term, { syntax: "erlang" });
}

/** How many, the first of them, and once the creation of pids that share it. */
function list(values: readonly unknown[]): string {
  if (values.length === 0) return "none";
  const first = values.slice(0, SHOWN);
  const [one] = values;
  const alike =
    one instanceof Pid &&
    values.every((value) => value instanceof Pid && value.creation === one.creation);
  const named = first.map((value) => (alike ? String(value) : shown(value))).join(" ");
  const more = values.length > SHOWN ? ` and ${values.length - SHOWN} more` : "";
  const creation = alike ? ` (creation ${one.creation})` : "";
  return `${values.length > 1 ? `${values.length}: ` : ""}${named}${more}${creation}`;
}

function pid(value: Pid): string {
  return `${value} (creation ${value.creation})`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
