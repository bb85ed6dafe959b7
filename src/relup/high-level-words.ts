/** What the high-level instructions of appup(4) stand for. systools translates them; in a relup the release handler refuses them. */

import { Atom, type Term } from "../term/index.ts";
import { moduleLabel } from "./instruction.ts";
import { atoms, listed, type Wording, type Words } from "./words.ts";

/** The instructions of appup(4) that stand for several of relup(4). */
export const HIGH_LEVEL: Readonly<Record<string, Wording>> = {
  update: (args) =>
    oneModule(args, [1, 2, 3, 5, 6, 7], (name) =>
      args.length === 2 && isAtom(args[1], "supervisor")
        ? `changes the supervisor ${name}: loads it and has it take its new init`
        : `changes the processes of ${name}: suspends them, loads it, converts their state, resumes them`,
    ),
  load_module: (args) => oneModule(args, [1, 2, 4], (name) => `loads ${name} in place of its old`),
  add_module: (args) => oneModule(args, [1, 2], (name) => `loads the new module ${name}`),
  delete_module: (args) => oneModule(args, [1, 2], (name) => `removes ${name} and purges it`),
  add_application: (args) =>
    oneApplication(args, [1, 2], (name) => `loads the modules of ${name} and starts it`),
  remove_application: (args) =>
    oneApplication(args, [1], (name) => `stops the application ${name} and unloads it`),
  restart_application: (args) =>
    oneApplication(args, [1], (name) => `restarts the application ${name}: its connections end`),
};

function oneModule(
  args: readonly Term[],
  sizes: readonly number[],
  say: (name: string) => string,
): Words | undefined {
  const [module] = args;
  if (!(module instanceof Atom) || !sizes.includes(args.length)) return undefined;
  // Behind the module, or at the end: the modules that it depends on.
  const dependencies = (args.length > 1 ? atoms(args.at(-1)) : undefined) ?? [];
  const after = dependencies.length === 0 ? "" : `, after ${listed(dependencies)}`;
  return { modules: [module.name], text: say(moduleLabel(module.name)) + after };
}

function oneApplication(
  args: readonly Term[],
  sizes: readonly number[],
  say: (name: string) => string,
): Words | undefined {
  const [application] = args;
  if (!(application instanceof Atom) || !sizes.includes(args.length)) return undefined;
  return { modules: [], text: say(application.name) };
}

function isAtom(term: Term | undefined, name: string): boolean {
  return term instanceof Atom && term.name === name;
}
