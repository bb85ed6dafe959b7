/** Elixir's consolidated protocols: the folder that a release has of them, compared with what is loaded. */

import { charlist } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { LoadedModule } from "./code.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/**
 * The protocols in a folder of consolidated ones, each compared by MD5 with the code that is loaded; none where there is no such folder. A
 * protocol that is not loaded is not `same` here. Read-only; it reads one small file per protocol.
 */
export async function consolidatedProtocols(
  remote: Remote,
  folder: string,
  options?: CallOptions,
): Promise<LoadedModule[]> {
  const answer = new Answer(remote, COMPARE.name);
  const call = { timeout: 30_000, ...options };
  const rows = await runScript(remote, COMPARE, { Folder: charlist(folder) }, call);
  return answer.list(rows).map((row) => {
    const [module, loaded, same] = answer.tuple(row, 3);
    return {
      module: answer.atom(module),
      loaded: answer.boolean(loaded),
      same: answer.boolean(same),
    };
  });
}

const COMPARE: Script = new Script({
  name: "consolidated_protocols",
  bindings: ["Folder"],
  readOnly: true,
  source: `
Names = case file:list_dir(Folder) of {ok, All} -> [Name || Name <- All, lists:suffix(".beam", Name)]; _ -> [] end,
[case code:is_loaded(Module) of
    false -> {Module, false, false};
    _ -> {Module, true, erlang:get_module_info(Module, md5) =:= Disk}
end || Name <- lists:sort(Names), {ok, {Module, Disk}} <- [beam_lib:md5(Folder ++ "/" ++ Name)]]`,
});
