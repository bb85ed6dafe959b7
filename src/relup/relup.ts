/** A relup as a value: OTP's relup(4), `{Vsn, [{UpFromVsn, Descr, Instructions}], [{DownToVsn, Descr, Instructions}]}`. */

import { Atom, charlist, inspect, type Term, Tuple, textOf, tuple } from "../term/index.ts";
import { RelupError } from "./errors.ts";
import { type Instruction, type Instructions, partsOf } from "./instruction.ts";

/** The way between two versions. */
export interface RelupEntry {
  /** The version that is upgraded from, or downgraded to. */
  readonly version: string;
  /** What the release handler hands back when it has been gone; any term, `[]` from systools. */
  readonly description: Term;
  readonly instructions: readonly Instruction[];
}

/** A relup file. */
export interface Relup {
  readonly version: string;
  readonly up: readonly RelupEntry[];
  readonly down: readonly RelupEntry[];
}

/**
 * The relup that this term is. What the instructions say is not judged here: `explainRelup` does.
 * @param what how the error calls it, as the path of its file. Default `the relup`
 * @throws RelupError that names the first place which has another shape
 */
export function parseRelup(term: Term, what = "the relup"): Relup {
  const [version, up, down] = term instanceof Tuple && term.items.length === 3 ? term.items : [];
  if (version === undefined) throw odd(what, "it is no {Vsn, Up, Down}");
  return {
    version: versionOf(version, what, "its version"),
    up: entries(up as Term, what, "up"),
    down: entries(down as Term, what, "down"),
  };
}

/** The term of a relup file, as `parseRelup` reads it. */
export function relupTerm({ version, up, down }: Relup): Term {
  const list = (entriesOf: readonly RelupEntry[]) =>
    entriesOf.map((entry) =>
      tuple(charlist(entry.version), entry.description, [...entry.instructions]),
    );
  return tuple(charlist(version), list(up), list(down));
}

/**
 * The lists between the relup's version and another one, as edeliver's instructions take them; a direction that it lacks is empty.
 * {@link withInstructions} puts them back.
 */
export function instructionsOf(relup: Relup, version: string): Instructions {
  const of = (list: readonly RelupEntry[]) =>
    list.find((entry) => entry.version === version)?.instructions ?? [];
  return {
    upInstructions: of(relup.up),
    downInstructions: of(relup.down),
    upVersion: relup.version,
    downVersion: version,
    changedModules: changedModules(of(relup.up)),
  };
}

/** The relup with these lists in the entries of `downVersion`; an entry that it lacks is not made. */
export function withInstructions(relup: Relup, instructions: Instructions): Relup {
  const put = (list: readonly RelupEntry[], changed: readonly Instruction[]) =>
    list.map((entry) =>
      entry.version === instructions.downVersion ? { ...entry, instructions: changed } : entry,
    );
  return {
    ...relup,
    up: put(relup.up, instructions.upInstructions),
    down: put(relup.down, instructions.downInstructions),
  };
}

/** The modules whose code the instructions load, each once, in order. */
export function changedModules(instructions: readonly Instruction[]): string[] {
  const modules = new Set<string>();
  for (const instruction of instructions) {
    const { tag, args } = partsOf(instruction);
    const [detail] = args;
    if (tag !== "load_object_code" || !(detail instanceof Tuple)) continue;
    const loaded = detail.items.length === 3 ? detail.items[2] : undefined;
    if (!Array.isArray(loaded)) continue;
    for (const module of loaded) if (module instanceof Atom) modules.add(module.name);
  }
  return [...modules];
}

/** Whether the instructions restart the emulator: then it is a restart and every connection is lost. */
export function restartsEmulator(instructions: readonly Instruction[]): boolean {
  return instructions.some(
    (instruction) =>
      instruction instanceof Atom &&
      (instruction.name === "restart_new_emulator" || instruction.name === "restart_emulator"),
  );
}

function entries(term: Term, what: string, direction: "up" | "down"): RelupEntry[] {
  if (!Array.isArray(term)) throw odd(what, `${direction} is no list`);
  return (term as readonly Term[]).map((item, index) => {
    const place = `${direction}, entry ${index + 1}`;
    if (!(item instanceof Tuple) || item.items.length !== 3) {
      throw odd(what, `${place} is no {Vsn, Descr, Instructions}`);
    }
    const [version, description, instructions] = item.items;
    const name = versionOf(version as Term, what, `${place}: its version`);
    const named = `${direction} ${direction === "up" ? "from" : "to"} ${name}`;
    if (!Array.isArray(instructions)) throw odd(what, `${named}: its instructions are no list`);
    return {
      version: name,
      description: description as Term,
      instructions: (instructions as readonly Term[]).map((instruction, at) => {
        if (instruction instanceof Atom || instruction instanceof Tuple) return instruction;
        const shown = inspect(instruction, { syntax: "erlang", limit: 5, width: 60 });
        throw odd(what, `${named}, instruction ${at + 1}: ${shown} is no instruction`);
      }),
    };
  });
}

// The release handler compares strings: a version in a binary is never found.
function versionOf(term: Term, what: string, place: string): string {
  const name = Array.isArray(term) ? textOf(term) : undefined;
  if (name !== undefined) return name;
  throw odd(what, `${place} is no string`);
}

function odd(what: string, problem: string): RelupError {
  return new RelupError(`${what} cannot be used: ${problem}`, {
    remedy:
      "Repair the file, put a backup back (`beamctl relup restore`), or build it again (systools:make_relup).",
  });
}
