/** How old code is purged: brutally, by killing who still runs it, or softly, by refusing the upgrade. */

import { Atom, atom, type Term, Tuple } from "../term/index.ts";
import { type Instruction, type Instructions, isBoth, partsOf } from "./instruction.ts";

/** How often each way of purging is named. */
export interface PurgeCounts {
  readonly brutal: number;
  readonly soft: number;
}

/** The purges that a list names for one module. */
export interface PurgeModes {
  readonly module: string;
  /** Before the module is loaded or removed: `brutal` kills who runs old code, `soft` refuses the upgrade. */
  readonly pre: PurgeCounts;
  /** Of the code that was replaced: `brutal` kills who lingers in it when the release is made permanent, `soft` waits. */
  readonly post: PurgeCounts;
  /** How many `{purge, Modules}` name it: each kills who runs its old code. */
  readonly purges: number;
}

const SOFT = atom("soft_purge");
const BRUTAL = atom("brutal_purge");

/**
 * edeliver's `SoftPurge`: every `brutal_purge` before a load or a removal becomes `soft_purge`, so that the install is refused
 * (`{old_processes, Mod}`) where it would have killed. The purge afterwards stays as it is, and so do `{purge, Modules}`. Unlike edeliver's,
 * which leaves `load_module` and `remove` brutal by mistake, it changes all of `load`, `load_module`, `remove` and `update`.
 */
export function softPurge(instructions: Instructions): Instructions;
export function softPurge(instructions: readonly Instruction[]): readonly Instruction[];
export function softPurge(
  instructions: Instructions | readonly Instruction[],
): Instructions | readonly Instruction[] {
  if (!isBoth(instructions)) return instructions.map(softened);
  return {
    ...instructions,
    upInstructions: instructions.upInstructions.map(softened),
    downInstructions: instructions.downInstructions.map(softened),
  };
}

/** How a list purges, by module in the order of their first mention. */
export function purgeModes(list: readonly Instruction[]): PurgeModes[] {
  const found = new Map<string, { pre: Counts; post: Counts; purges: number }>();
  const of = (module: Term | undefined) => {
    if (!(module instanceof Atom)) return undefined;
    const known = found.get(module.name);
    if (known !== undefined) return known;
    const fresh = { pre: { brutal: 0, soft: 0 }, post: { brutal: 0, soft: 0 }, purges: 0 };
    found.set(module.name, fresh);
    return fresh;
  };
  for (const instruction of list) {
    const { tag, args } = partsOf(instruction);
    const purge = purgeOf(instruction);
    if (purge !== undefined) {
      const modes = of(purge.items[purge.module]);
      if (modes === undefined) continue;
      count(modes.pre, purge.items[purge.pre]);
      count(modes.post, purge.items[purge.pre + 1]);
    } else if (tag === "purge" && Array.isArray(args[0])) {
      for (const module of args[0] as readonly Term[]) {
        const modes = of(module);
        if (modes !== undefined) modes.purges++;
      }
    }
  }
  return [...found].map(([module, modes]) => ({ module, ...modes }));
}

type Counts = { brutal: number; soft: number };

function count(counts: Counts, mode: Term | undefined): void {
  if (mode === BRUTAL) counts.brutal++;
  else if (mode === SOFT) counts.soft++;
}

function softened(instruction: Instruction): Instruction {
  const purge = purgeOf(instruction);
  if (purge === undefined || purge.items[purge.pre] !== BRUTAL) return instruction;
  const changed = new Tuple(purge.items.with(purge.pre, SOFT));
  return purge.nested ? new Tuple([(instruction as Tuple).items[0] as Term, changed]) : changed;
}

interface Purge {
  /** The elements that hold module and modes: of the instruction, or of the tuple nested in it. */
  readonly items: readonly Term[];
  readonly nested: boolean;
  /** The place of the module. */
  readonly module: number;
  /** The place of the mode before; that of the mode after follows. */
  readonly pre: number;
}

/** Where an instruction has its purge modes, if it is one that has. */
function purgeOf(instruction: Instruction): Purge | undefined {
  if (instruction instanceof Atom) return undefined;
  const { items } = instruction;
  const { tag, args } = partsOf(instruction);
  const [detail] = args;
  if ((tag === "load" || tag === "remove") && items.length === 2 && detail instanceof Tuple) {
    return detail.items.length === 3
      ? { items: detail.items, nested: true, module: 0, pre: 1 }
      : undefined;
  }
  // {load_module, Mod, Pre, Post, Deps} and the three long forms of update end in Pre, Post, Deps.
  const long = tag === "load_module" ? items.length === 5 : tag === "update" && items.length >= 6;
  return long ? { items, nested: false, module: 1, pre: items.length - 3 } : undefined;
}
