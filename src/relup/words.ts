/** The pieces that the explanations of instructions are made of. */

import { Atom, inspect, type Term, Tuple } from "../term/index.ts";
import { moduleLabel } from "./instruction.ts";

/** What is known where an instruction stands, from those before it and after it. */
export interface Surroundings {
  /** Whether the module's object code was read and not loaded yet. */
  readonly isRead: (module: string) => boolean;
  /** Whether its processes are suspended, or stopped. */
  readonly isSuspended: (module: string) => boolean;
  readonly isStopped: (module: string) => boolean;
  /** Whether they are resumed, or started, somewhere behind it. */
  readonly isResumedLater: (module: string) => boolean;
  readonly isStartedLater: (module: string) => boolean;
}

/** An instruction in words. */
export interface Words {
  /** The modules that it names, as full names. */
  readonly modules: readonly string[];
  readonly text: string;
  readonly danger?: string | undefined;
}

/** Finds the words for an instruction's arguments; `undefined` when they have not the shape that they should have. */
export type Wording = (args: readonly Term[], around: Surroundings) => Words | undefined;

const SHOWN = 3;

/** What a restart of the emulator means for those who are connected. */
export const RESTART = "the node restarts: every connection and all state in memory is lost";

/** Both sentences, or the one that there is. */
export function both(...sentences: readonly (string | undefined)[]): string | undefined {
  const said = sentences.filter((sentence) => sentence !== undefined);
  return said.length === 0 ? undefined : said.join("; ");
}

/** Names as people read them: the first few, and how many there are. */
export function listed(names: readonly string[], last = "and", what = "modules"): string {
  const labels = names.map(moduleLabel);
  if (labels.length === 0) return `no ${what}`;
  if (labels.length > SHOWN + 1) {
    return `${labels.length} ${what} (${labels.slice(0, SHOWN).join(", ")} and ${labels.length - SHOWN} more)`;
  }
  const end = labels.at(-1) as string;
  return labels.length === 1 ? end : `${labels.slice(0, -1).join(", ")} ${last} ${end}`;
}

/** A term in a few characters. */
export function short(term: Term): string {
  const text = inspect(term, { limit: 8 });
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Who dies when old code of these modules is purged. */
export function kills(modules: readonly string[]): string {
  return `kills the processes that still run old code of ${listed(modules)}`;
}

/** The elements of a tuple of this size, else none. */
export function elements(term: Term | undefined, size: number): readonly Term[] {
  return term instanceof Tuple && term.items.length === size ? term.items : [];
}

/** The names of a list of atoms. */
export function atoms(term: Term | undefined): string[] | undefined {
  if (!Array.isArray(term)) return undefined;
  const names = (term as readonly Term[]).map((item) =>
    item instanceof Atom ? item.name : undefined,
  );
  return names.includes(undefined) ? undefined : (names as string[]);
}
