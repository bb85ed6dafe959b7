/**
 * SuspendAppProcesses, CodeChangeOnAppProcesses and ResumeAppProcesses: what OTP's release handler does with the processes of changed modules,
 * for all of them at once. edeliver has these names and does nothing under them.
 */

import { ScriptError, supervisedProcesses } from "../otp/index.ts";
import { append, appendAfterPointOfNoReturn, moduleLabel } from "../relup/index.ts";
import {
  Atom,
  atom,
  inspect,
  OK,
  type Pid,
  type Term,
  TermMap,
  Tuple,
  tuple,
} from "../term/index.ts";
import { bulkSuspend } from "./bulk.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { modulesArgument, namesOf } from "./modules-argument.ts";
import { ReloadModules } from "./reload-modules.ts";

/** An instruction whose argument is the names of modules. */
export type ModulesInstruction = RunnableInstruction<readonly Term[]>;

const SHOWN = 5;

/**
 * Suspends every supervised process whose child specification names one of the modules, through the guardian. One that does not answer is
 * a warning, and its state is not changed later, as OTP has it.
 * @throws InstructionError when a supervisor hangs, so that they cannot be found
 */
export const SuspendAppProcesses: ModulesInstruction = defineInstruction({
  name: "SuspendAppProcesses",
  insertWhere: appendAfterPointOfNoReturn,
  arguments: modulesArgument,

  async run(context, modules) {
    const { node, config, facts, log } = context;
    const guardian = guarded("SuspendAppProcesses", context);
    const found = await supervisedProcesses(node, namesOf(modules)).catch((error: unknown) => {
      if (!(error instanceof ScriptError)) throw error;
      const text = "the release handler's walk through the supervisors fails";
      throw new InstructionError("SuspendAppProcesses", `${text}: ${error.reason}`, {
        node: node.name,
        remedy: "An install would fail of it too: resume the supervisor that hangs.",
        cause: error,
      });
    });
    facts.suspendedAt ??= Date.now();
    // A channel may be held already; its state changes with the others'.
    const held = new Set((context.guardian?.held ?? []).map(String));
    const pids = found.flatMap(({ pid }) => (held.has(String(pid)) ? [] : [pid]));
    const { result, suspended } = await bulkSuspend(guardian, pids, config.suspendTimeout);
    facts.appSuspended = suspended;
    for (const pid of suspended) held.add(String(pid));
    facts.appProcesses = found.filter(({ pid }) => held.has(String(pid)));
    facts.suspended = [...facts.suspended, ...suspended];
    if (result !== "ok") {
      const count = pids.length - suspended.length;
      log("warning", `${count} of ${found.length} processes could not be suspended: they run on`);
    }
    log("info", `suspended ${suspended.length} processes of ${modules.length} modules`);
  },
});

/**
 * Has each process that {@link SuspendAppProcesses} suspended change its state for the new code, as `sys:change_code/4`, with the old version of
 * the module that {@link ReloadModules} found.
 * @throws InstructionError that names those which failed: they keep their old state
 */
export const CodeChangeOnAppProcesses: ModulesInstruction = defineInstruction({
  name: "CodeChangeOnAppProcesses",
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [SuspendAppProcesses, ReloadModules],
  arguments: modulesArgument,

  async run({ node, facts, log }, modules) {
    let changed = 0;
    for (const name of namesOf(modules)) {
      const oldVersion = facts.oldVersions.get(name);
      if (oldVersion === undefined) continue; // it was not loaded anew
      const pids = facts.appProcesses.flatMap((one) =>
        one.modules.includes(name) ? [one.pid] : [],
      );
      const request = tuple(atom("change_code"), atom(name), oldVersion, []);
      const replies = await node.systemMessages(pids, request, { timeout: CODE_CHANGE });
      const failed = replies.flatMap((reply): [Pid, string][] => {
        if (!reply.ok) return reply.error.code === "BEAM_NOPROC" ? [] : [[reply.pid, "timeout"]];
        return reply.reply === OK ? [] : [[reply.pid, headOf(reply.reply)]];
      });
      changed += pids.length - failed.length;
      if (failed.length > 0) {
        const shown = failed.slice(0, SHOWN).map(([pid, reason]) => `${pid}: ${reason}`);
        const text = `${failed.length} of ${pids.length} processes of ${moduleLabel(name)} did not change their state`;
        throw new InstructionError("CodeChangeOnAppProcesses", `${text} (${shown.join("; ")})`, {
          node: node.name,
          remedy: "They run the new code with their old state: restart them.",
        });
      }
    }
    log("info", `${changed} processes changed their state`);
  },
});

/** What kind of failure an answer is; the rest of it can hold the state. */
function headOf(answer: Term): string {
  if (answer instanceof Atom) return inspect(answer);
  if (answer instanceof Tuple) {
    const [tag, what] = answer.items;
    const wraps = tag instanceof Atom && (tag.name === "error" || tag.name === "EXIT");
    return headOf((wraps ? what : tag) ?? []);
  }
  if (answer instanceof TermMap) return headOf(answer.get(atom("__struct__")) ?? []);
  return "it failed";
}

/** The longest, in milliseconds, that the processes of one module may take. */
const CODE_CHANGE = 15_000;

/** Resumes what {@link SuspendAppProcesses} suspended. */
export const ResumeAppProcesses: ModulesInstruction = defineInstruction({
  name: "ResumeAppProcesses",
  insertWhere: append,
  dependencies: [SuspendAppProcesses],
  arguments: modulesArgument,

  async run(context) {
    const { facts, log } = context;
    const { resumed, failed } = await guarded("ResumeAppProcesses", context).resume(
      facts.appSuspended,
    );
    facts.resumedAt = Date.now();
    if (failed.length > 0) {
      log("warning", `${failed.length} processes did not answer: see \`beamctl recover\``);
    }
    log("info", `resumed ${resumed.length} processes`);
  },
});
