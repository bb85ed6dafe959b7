/** What has been read, suspended and stopped on the way through a list, and what still comes. */

import { Atom, type Term } from "../term/index.ts";
import { type Instruction, partsOf } from "./instruction.ts";
import type { Surroundings } from "./words.ts";

/** A walk through a list, from its first instruction to its last. */
export class Walk {
  readonly #lastResume: ReadonlyMap<string, number>;
  readonly #lastStart: ReadonlyMap<string, number>;
  readonly #read = new Set<string>();
  readonly #suspended = new Set<string>();
  readonly #stopped = new Set<string>();

  constructor(list: readonly Instruction[]) {
    this.#lastResume = lastOf(list, "resume");
    this.#lastStart = lastOf(list, "start");
  }

  /** What is known at this place, before its instruction is passed. */
  at(index: number): Surroundings {
    const later = (last: ReadonlyMap<string, number>) => (module: string) =>
      (last.get(module) ?? -1) > index;
    return {
      isRead: (module) => this.#read.has(module),
      isSuspended: (module) => this.#suspended.has(module),
      isStopped: (module) => this.#stopped.has(module),
      isResumedLater: later(this.#lastResume),
      isStartedLater: later(this.#lastStart),
    };
  }

  pass(kind: string, modules: readonly string[]): void {
    for (const module of modules) {
      if (kind === "load_object_code") this.#read.add(module);
      else if (kind === "load") this.#read.delete(module);
      else if (kind === "suspend") this.#suspended.add(module);
      else if (kind === "resume") this.#suspended.delete(module);
      else if (kind === "stop") this.#stopped.add(module);
      else if (kind === "start") this.#stopped.delete(module);
    }
  }
}

function lastOf(list: readonly Instruction[], wanted: string): Map<string, number> {
  const last = new Map<string, number>();
  list.forEach((instruction, index) => {
    const { tag, args } = partsOf(instruction);
    if (tag !== wanted || !Array.isArray(args[0])) return;
    for (const module of args[0] as readonly Term[]) {
      if (module instanceof Atom) last.set(module.name, index);
    }
  });
  return last;
}
