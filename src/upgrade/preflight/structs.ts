/** Structs and states that change their shape without anybody to change what is there. */

import { Answer, runScript, Script } from "../../otp/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import { atom, charlist, tuple } from "../../term/index.ts";
import { loadedBeams } from "./applications.ts";
import { structKeys } from "./beam-literals.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { type LookedThrough, statesOf } from "./states.ts";
import { few, labels, number } from "./words.ts";

/** A `code_change` of the process's module is taken to change all that is in its state. */
export const structs: Check = {
  name: "structs in the states of processes",
  find: async (given) => {
    const changes = new Set(
      (await given.impact()).processes.flatMap(({ module, changes }) =>
        changes.includes("code_change") ? [module] : [],
      ),
    );
    const states = (await statesOf(given)).filter(
      ({ modules }) => !modules.some((module) => changes.has(module)),
    );
    if (states.length === 0) return [];
    return [...(await changedStructs(given, states)), ...unchangedStates(given, states)];
  },
};

async function changedStructs(
  given: Given,
  states: readonly LookedThrough[],
): Promise<readonly Finding[]> {
  const held = [...new Set(states.flatMap((one) => one.structs))];
  if (held.length === 0) return [];
  const found: Finding[] = [];
  for (const { module, was, is } of await keysOf(given, held)) {
    const pids = states.flatMap((one) => (one.structs.includes(module) ? [one.pid] : []));
    const where = `in the states of ${number(pids.length, "process", "processes")} without a code_change: ${few(pids)}`;
    const about = [module, ...pids.map(String)];
    if (was === undefined || is === undefined) {
      found.push({
        code: "struct-unknown",
        severity: "notice",
        what: `${moduleLabel(module)} is a struct ${where}; whether its keys change cannot be told from the beams`,
        cause: "if they do, the new code finds the old keys there",
        remedy: "Compare the two defstructs; where they differ, give these processes an update.",
        about,
      });
      continue;
    }
    const added = is.filter((key) => !was.includes(key));
    const gone = was.filter((key) => !is.includes(key));
    if (added.length === 0 && gone.length === 0) continue;
    const change = [
      ...(added.length > 0 ? [`new ${few(added)}`] : []),
      ...(gone.length > 0 ? [`gone ${few(gone)}`] : []),
    ].join(", ");
    found.push({
      code: "struct-changes",
      severity: "warning",
      what: `the struct ${moduleLabel(module)} changes (${change}), and lives ${where}`,
      cause: "the new code meets structs with the old keys: a match fails, and a new key raises",
      remedy:
        "Give the modules of these processes an update with `code_change` in the appup, which makes the structs anew.",
      about,
    });
  }
  return found;
}

/** Servers whose own module is loaded, while nobody asks them to change their state. */
function unchangedStates(given: Given, states: readonly LookedThrough[]): Finding[] {
  const loaded = loadedBeams(given);
  const shaped = states.filter(
    (one) => one.shaped && one.modules.some((module) => loaded.has(module)),
  );
  if (shaped.length === 0) return [];
  const modules = [...new Set(shaped.flatMap((one) => one.modules.filter((m) => loaded.has(m))))];
  return [
    {
      code: "state-unchanged",
      severity: "notice",
      what: `${labels(modules)} ${modules.length === 1 ? "is" : "are"} loaded without a code_change, and ${number(shaped.length, "process has", "processes have")} a record or struct as state: ${few(shaped.map(({ pid }) => pid))}`,
      cause: "the new code finds the state as the old one left it",
      remedy: "If the shape of the state changes, use `update` with a `code_change` in the appup.",
      about: modules,
    },
  ];
}

interface Keys {
  readonly module: string;
  readonly was: readonly string[] | undefined;
  readonly is: readonly string[] | undefined;
}

/** The keys in the beam that a boot of this version loads and in the new one; `undefined` where they cannot be told. */
async function keysOf(given: Given, modules: readonly string[]): Promise<Keys[]> {
  const { remote, call } = given;
  const beams = loadedBeams(given);
  const answer = new Answer(remote, LITERALS.name);
  const files = modules.map((module) => tuple(atom(module), charlist(beams.get(module) ?? "")));
  return answer.list(await runScript(remote, LITERALS, { Files: files }, call)).map((row) => {
    const [name, old, fresh] = answer.tuple(row, 3);
    const module = answer.atom(name);
    const keys = (chunk: typeof old) =>
      chunk instanceof Uint8Array ? structKeys(module, chunk) : undefined;
    return { module, was: keys(old), is: keys(fresh) };
  });
}

const LITERALS: Script = new Script({
  name: "beam_literals",
  bindings: ["Files"],
  readOnly: true,
  source: `
Chunk = fun(File) -> case beam_lib:chunks(File, ["LitT"], [allow_missing_chunks]) of
    {ok, {_, [{_, Bytes}]}} when is_binary(Bytes), byte_size(Bytes) < 1000000 -> Bytes;
    _ -> none
end end,
Old = fun(Module) -> case code:where_is_file(atom_to_list(Module) ++ ".beam") of non_existing -> none; File -> Chunk(File) end end,
[{Module, Old(Module), Chunk(File)} || {Module, File} <- Files]`,
});
