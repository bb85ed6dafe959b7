/** The supervised processes of some modules, found as the release handler finds them. */

import { atom, type Pid } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** A process whose child specification names one of the modules. */
export interface SupervisedProcess {
  readonly pid: Pid;
  /** Those of the modules that its specification names. */
  readonly modules: readonly string[];
}

/**
 * The processes that sasl's `release_handler_1:get_supervised_procs/0` finds for these modules. It asks every supervisor for its status and
 * every child with `dynamic` modules for these, as an install does.
 * @throws ScriptError when a supervisor is suspended or hangs: an install would fail of it too
 */
export async function supervisedProcesses(
  remote: Remote,
  modules: readonly string[],
  options: CallOptions = {},
): Promise<SupervisedProcess[]> {
  const answer = new Answer(remote, SUPERVISED.name);
  const bindings = { Modules: modules.map(atom) };
  const call = { timeout: PATIENCE, ...options };
  return answer.list(await runScript(remote, SUPERVISED, bindings, call)).map((row) => {
    const [pid, found] = answer.tuple(row, 2);
    return { pid: answer.pid(pid), modules: answer.list(found).map((name) => answer.atom(name)) };
  });
}

/** The walk waits five seconds for each supervisor that does not answer. */
const PATIENCE = 30_000;

const SUPERVISED: Script = new Script({
  name: "supervised_processes",
  bindings: ["Modules"],
  source: `
maps:to_list(lists:foldl(fun({Pid, Own}, Found) -> Found#{Pid => Own} end, #{},
    [{Pid, Own} || {_, _, Pid, Mods} <- release_handler_1:get_supervised_procs(), is_pid(Pid), is_list(Mods),
                   Own <- [[Module || Module <- Modules, lists:member(Module, Mods)]], Own =/= []]))`,
});
