/** What kind of change an instruction makes: the predicates of edeliver's `InsertInstruction`. */

import { type Instruction, loadedModule, partsOf } from "./instruction.ts";

/** edeliver's `modifies_applications?`: it starts, stops or restarts an application or the emulator. */
export function modifiesApplications(instruction: Instruction): boolean {
  const { tag, args } = partsOf(instruction);
  switch (tag) {
    case "restart_new_emulator":
    case "restart_emulator":
      return args.length === 0;
    case "add_application":
      return args.length === 1 || args.length === 2;
    case "remove_application":
    case "restart_application":
      return args.length === 1;
    default:
      return false;
  }
}

/**
 * edeliver's `modifies_code?`: it loads, unloads or purges a module. A `purge` of several modules is one too; edeliver overlooks it
 * and would insert behind it.
 */
export function modifiesCode(instruction: Instruction): boolean {
  if (loadedModule(instruction) !== undefined) return true;
  const { tag, args } = partsOf(instruction);
  if (tag === "purge") return args.length === 1 && isFilled(args[0]);
  if (tag === "remove") return args.length === 1;
  return tag === "delete_module" && (args.length === 1 || args.length === 2);
}

/**
 * edeliver's `modifies_processes?`: it changes the state of processes, starts or stops them. Suspending and resuming is no such change.
 * Those that name several modules count too; edeliver overlooks them.
 */
export function modifiesProcesses(instruction: Instruction): boolean {
  const { tag, args } = partsOf(instruction);
  switch (tag) {
    case "update":
      return [1, 2, 3, 5, 6, 7].includes(args.length);
    case "code_change":
      return (args.length === 1 || args.length === 2) && isFilled(args.at(-1));
    case "start":
    case "stop":
      return args.length === 1 && isFilled(args[0]);
    default:
      return false;
  }
}

/** Whether it changes code, processes or applications. */
export function modifies(instruction: Instruction): boolean {
  return (
    modifiesCode(instruction) || modifiesProcesses(instruction) || modifiesApplications(instruction)
  );
}

function isFilled(term: unknown): boolean {
  return Array.isArray(term) && term.length > 0;
}
