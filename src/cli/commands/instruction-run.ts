/** `beamctl instruction run`: one of edeliver's instructions on a live node; what it changes is given back. */

import { UsageError } from "../../errors.ts";
import {
  INSTRUCTIONS,
  insertBeforePointOfNoReturn,
  prefixOf,
  settings,
} from "../../instructions/index.ts";
import type { BeamNode } from "../../node/index.ts";
import { moduleAtom } from "../../relup/index.ts";
import { parse, type Syntax, type Term } from "../../term/index.ts";
import { type OperationReport, runInstruction } from "../../upgrade/index.ts";
import { runningRelease } from "../../upgrade/versions.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { planOptions } from "../plan-options.ts";
import { reportFiles, writeReports } from "../report-files.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local, [name = "", text]) => {
  const printer = new Printer(globals);
  const instruction = INSTRUCTIONS.find((one) => one.name === name);
  if (instruction === undefined) {
    throw new UsageError(`there is no instruction ${name}`, {
      remedy: "`beamctl instruction ls` lists them.",
    });
  }
  const { plan: _plan, inRelup: _inRelup, application, ...options } = await planOptions(local);
  const files = reportFiles(local);
  const argument = text === undefined ? undefined : argumentOf(text, local["lang"]);
  const modules = (local["module"] as readonly string[] | undefined) ?? [];
  const hold = milliseconds(String(local["for"]));
  return operate(globals, async ({ node, signal }) => {
    if (instruction.insertWhere !== insertBeforePointOfNoReturn) {
      await confirmChange(globals, `Run ${name} on ${node.name}?`);
    }
    let told: OperationReport | undefined;
    const work = runInstruction(node, instruction, {
      ...(options.budget === undefined ? {} : { budget: options.budget }),
      tell: (report) => {
        told = report;
      },
      config: settings({ ...options, name: application ?? (await releaseName(node)) }),
      changedModules: modules.map((module) => moduleAtom(module).name),
      ...(argument === undefined ? {} : { argument }),
      hold,
      signal,
      log: (level, line) => printer.note(`${prefixOf(level)}${line}`),
      print: (line) => printer.note(line.replaceAll("\r", "").trimEnd()),
    });
    const [done] = await Promise.allSettled([work]);
    if (told !== undefined) await writeReports(told, files, (line) => printer.note(line));
    if (done.status === "rejected") throw done.reason;
    const { ran, facts, report } = done.value;
    const stopped = report.budget?.stopped ?? null;
    if (stopped !== null) printer.note(`warning: it was given back early: ${stopped}`);
    printer.record({
      node: node.name,
      ran: ran.join(", "),
      listeners: facts.listeners.length,
      suspended: facts.suspended.length,
      heldAcceptors: facts.heldAcceptors,
      longestPause: Math.max(0, ...report.pauses.map(({ max }) => max)),
    });
    return stopped === null ? undefined : EXIT.degraded;
  });
};

/** The name of its release; a node that runs none goes by its own. */
async function releaseName(node: BeamNode): Promise<string> {
  const release = await runningRelease(node).catch(() => undefined);
  return release?.name ?? node.name.replace(/@.*/, "");
}

function argumentOf(text: string, syntax: unknown): Term {
  return parse(text, { syntax: (syntax as Syntax | undefined) ?? "elixir" });
}
