/** `beamctl relup soft-purge`: rewrites a relup so that the upgrade is refused where it would have killed. */

import type { CallOptions } from "../../node/index.ts";
import type { Remote } from "../../otp/index.ts";
import {
  type Instruction,
  instructionsOf,
  type Relup,
  type RelupFile,
  readRelupFile,
  softPurge,
  withInstructions,
  writeRelup,
} from "../../relup/index.ts";
import { equals, inspect } from "../../term/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { Printer } from "../output/printer.ts";
import { observe, operate } from "../session.ts";

export const run: Run = async (globals, local, [version = ""]) => {
  const printer = new Printer(globals);
  const prepare = async (remote: Remote, options: CallOptions) => {
    const read = await readRelupFile(remote, version, options);
    const relup = softened(read.relup);
    const changes = differences(read.relup, relup);
    show(printer, read, changes);
    return { read, relup, changes };
  };
  const report = (node: string, file: string, changes: readonly Change[], backup?: string) => {
    if (printer.format === "json" || printer.format === "ndjson") {
      printer.record({ node, file, changes: changes.map(toJson), backup: backup ?? null });
    }
  };
  if (local["dryRun"] === true) {
    return observe(globals, async ({ remote, signal }) => {
      const { read, changes } = await prepare(remote, { signal });
      report(remote.name, read.file, changes);
      return undefined;
    });
  }
  return operate(globals, async ({ node, signal }) => {
    const { read, relup, changes } = await prepare(node, { signal });
    if (changes.length === 0) {
      report(node.name, read.file, changes);
      return undefined;
    }
    await confirmChange(globals, `Write ${read.file} on ${node.name}?`);
    const { file, backup } = await writeRelup(node, version, relup, { expected: read.term });
    report(node.name, file, changes, backup);
    printer.note(`${file} is written; the former one is ${backup ?? "not there"}`);
    return undefined;
  });
};

/** An instruction before and after. */
interface Change {
  readonly direction: "up" | "down";
  readonly version: string;
  /** Its place in the list, from 1. */
  readonly place: number;
  readonly from: Instruction;
  readonly to: Instruction;
}

function softened(relup: Relup): Relup {
  const versions = new Set([...relup.up, ...relup.down].map(({ version }) => version));
  let changed = relup;
  for (const version of versions) {
    changed = withInstructions(changed, softPurge(instructionsOf(changed, version)));
  }
  return changed;
}

function differences(former: Relup, now: Relup): Change[] {
  return (["up", "down"] as const).flatMap((direction) =>
    former[direction].flatMap(({ version, instructions }, at) =>
      instructions.flatMap((from, index): Change[] => {
        const to = now[direction][at]?.instructions[index] ?? from;
        return equals(from, to) ? [] : [{ direction, version, place: index + 1, from, to }];
      }),
    ),
  );
}

function show(printer: Printer, { file }: RelupFile, changes: readonly Change[]): void {
  if (changes.length === 0) printer.note(`${file} purges nothing brutally beforehand`);
  if (changes.length === 0 || printer.format === "json" || printer.format === "ndjson") return;
  printer.note(file);
  const syntax = printer.format === "erlang" ? "erlang" : "elixir";
  printer.rows(
    changes,
    [
      { title: "LIST", cell: ({ direction, version }) => `${way(direction)} ${version}` },
      { title: "#", cell: ({ place }) => place, right: true },
      { title: "IS", cell: ({ from }) => inspect(from, { syntax }) },
      { title: "BECOMES", cell: ({ to }) => inspect(to, { syntax }) },
    ],
    toJson,
    "",
  );
}

function way(direction: "up" | "down"): string {
  return direction === "up" ? "up from" : "down to";
}

function toJson({ direction, version, place, from, to }: Change) {
  const text = (instruction: Instruction) => inspect(instruction, { syntax: "erlang" });
  return { direction, version, place, from: text(from), to: text(to) };
}
