/** A relup as a value: OTP's relup(4), `{Vsn, [{UpFromVsn, Descr, Instructions}], [{DownToVsn, Descr, Instructions}]}`. */

import { Atom, type Term, Tuple, textOf } from "../term/index.ts";
import { RelupError } from "./errors.ts";

/** The way between two versions. */
export interface RelupEntry {
  /** The version that is upgraded from, or downgraded to. */
  readonly version: string;
  /** The low-level instructions, as terms. */
  readonly instructions: readonly Term[];
}

/** A relup file. */
export interface Relup {
  readonly version: string;
  readonly up: readonly RelupEntry[];
  readonly down: readonly RelupEntry[];
}

/**
 * The relup that this term is.
 * @throws RelupError when it has another shape
 */
export function parseRelup(term: Term): Relup {
  const [version, up, down] = parts(term, 3);
  const name = version === undefined ? undefined : textOf(version);
  if (name === undefined || !Array.isArray(up) || !Array.isArray(down)) {
    throw new RelupError("the relup is no {Vsn, Up, Down}", {
      remedy: "Build it again with systools:make_relup.",
    });
  }
  return { version: name, up: up.map(entry), down: down.map(entry) };
}

/** The modules whose code the instructions load, each once, in order. */
export function changedModules(instructions: readonly Term[]): string[] {
  const modules = new Set<string>();
  for (const instruction of instructions) {
    const [tag, detail] = parts(instruction);
    if (!(tag instanceof Atom) || tag.name !== "load_object_code") continue;
    const [, , loaded] = parts(detail, 3);
    if (!Array.isArray(loaded)) continue;
    for (const module of loaded) if (module instanceof Atom) modules.add(module.name);
  }
  return [...modules];
}

/** Whether the instructions restart the emulator: then it is a restart and every connection is lost. */
export function restartsEmulator(instructions: readonly Term[]): boolean {
  return instructions.some(
    (instruction) =>
      instruction instanceof Atom &&
      (instruction.name === "restart_new_emulator" || instruction.name === "restart_emulator"),
  );
}

function entry(term: Term): RelupEntry {
  const [version, , instructions] = parts(term, 3);
  const name = version === undefined ? undefined : textOf(version);
  if (name === undefined || !Array.isArray(instructions)) {
    throw new RelupError("an entry of the relup is no {Vsn, Descr, Instructions}", {
      remedy: "Build it again with systools:make_relup.",
    });
  }
  return { version: name, instructions };
}

function parts(term: Term | undefined, size?: number): readonly Term[] {
  if (!(term instanceof Tuple)) return [];
  return size === undefined || term.items.length === size ? term.items : [];
}
