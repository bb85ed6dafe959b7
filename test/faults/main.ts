/** `npm run faults -- [--short] [--seed N] [--only PART,...] [--otp SET,...] [-o json]`; exits 1 unless everything held. */

import { parseArgs } from "node:util";
import Table from "cli-table3";
import type { OtpSet } from "../support/index.ts";
import { campaign, type Findings } from "./campaign.ts";
import { PARTS } from "./parts.ts";

const RELEASES: readonly OtpSet[] = ["otp23", "otp25", "otp27", "otp29"];

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    only: { type: "string" },
    otp: { type: "string" },
    output: { type: "string", short: "o", default: "table" },
  },
});
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error(`${values.seed} is no seed`);
const names = chosen(
  "part",
  values.only,
  PARTS.map(({ name }) => name),
);
const otps = chosen("OTP release", values.otp, RELEASES);
const { short, output } = values;
const note = (text: string) => process.stderr.write(`${text}\n`);
note(`a ${short ? "short" : "long"} campaign with the seed ${seed} on ${otps.join(", ")}`);
const findings = await campaign({ seed, short, otps, note }, names);
if (output === "json") console.log(JSON.stringify(findings));
else print(findings);
process.exitCode = findings.good ? 0 : 1;

/** Those of `known` that are named, all without names. */
function chosen<T extends string>(
  what: string,
  asked: string | undefined,
  known: readonly T[],
): readonly T[] {
  if (asked === undefined) return known;
  const wanted = asked.split(",");
  const unknown = wanted.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) {
    throw new Error(`${unknown} is no ${what}; there are ${known.join(", ")}`);
  }
  return known.filter((one) => wanted.includes(one));
}

function print({ parts, control, leftSuspended, good }: Findings): void {
  const head = ["part", "runs", "failed", "left", "slowest ms", "bound ms", "what else"];
  const table = new Table({ head, style: { head: [], border: [] }, wordWrap: true });
  for (const { name, runs, failed, leftSuspended: left, slowestMs, boundMs, details } of parts) {
    const more = Object.entries(details).map(([key, value]) => `${key} ${value}`);
    const row = [name, runs, failed, left, slowestMs ?? "", boundMs ?? "", more.join("\n")];
    table.push(row.map(String));
  }
  console.log(table.toString());
  if (control !== null) {
    console.log(`control: ${control.leftSuspended} left suspended in ${control.runs} kills`);
  }
  console.log(`${leftSuspended} left suspended: ${good ? "everything held" : "NOT as promised"}`);
}
