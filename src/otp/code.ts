/** OTP's `code`: where the release lies, and which code runs compared with what lies on the disk. */

import { RemoteError } from "../node/index.ts";
import { Atom, atom, inspect, type Pid, type Term, textOf } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** A module's loaded code compared with its beam on the node's code path. */
export interface LoadedModule {
  readonly module: string;
  readonly loaded: boolean;
  /** Whether both have the same MD5; `true` also for a module that is not loaded, whose next load takes the disk's. */
  readonly same: boolean;
}

/** A module that has old code loaded, and who still runs it. */
export interface OldCode {
  readonly module: string;
  readonly pids: readonly Pid[];
}

/** Reading beams and asking every process takes longer than a call. */
const PATIENCE = 30_000;

/** `root_dir/0`: the folder of the release on the node. Read-only. */
export async function rootDir(remote: Remote, options?: CallOptions): Promise<string> {
  const result = await remote.call("code", "root_dir", [], options);
  return new Answer(remote, "code:root_dir/0").text(result);
}

/**
 * Compares the MD5 of each loaded module with that of the beam which the node's code path finds. Read-only; it reads one file per
 * module on the node.
 */
export async function loadedAgainstDisk(
  remote: Remote,
  modules: readonly string[],
  options?: CallOptions,
): Promise<LoadedModule[]> {
  const answer = new Answer(remote, COMPARE.name);
  const result = await run(remote, COMPARE, modules, options);
  return answer.list(result).map((row) => {
    const [module, loaded, same] = answer.tuple(row, 3);
    return {
      module: answer.atom(module),
      loaded: answer.boolean(loaded),
      same: answer.boolean(same),
    };
  });
}

/** From which files the loaded ones of these modules came, by their own words: `""` when from none, as after `code:load_binary/3`. Read-only. */
export async function loadedFrom(
  remote: Remote,
  modules: readonly string[],
  options?: CallOptions,
): Promise<{ readonly module: string; readonly file: string }[]> {
  const answer = new Answer(remote, LOADED_FROM.name);
  return answer.list(await run(remote, LOADED_FROM, modules, options)).map((row) => {
    const [module, file] = answer.tuple(row, 2);
    const text = file instanceof Atom ? file.name : textOf(file ?? []);
    return { module: answer.atom(module), file: text ?? "" };
  });
}

const LOADED_FROM: Script = new Script({
  name: "loaded_from",
  bindings: ["Modules"],
  readOnly: true,
  source: `
[{Module, File} || Module <- Modules, {file, File} <- [code:is_loaded(Module)]]`,
});

/**
 * Of these modules those with old code, each with the processes that still run it (`erlang:check_process_code/2`). Read-only. Every
 * process is asked once per module that has old code, which costs a busy node some time.
 */
export async function processesRunningOldCode(
  remote: Remote,
  modules: readonly string[],
  options?: CallOptions,
): Promise<OldCode[]> {
  const answer = new Answer(remote, OLD_CODE.name);
  const result = await run(remote, OLD_CODE, modules, options);
  return answer.list(result).map((row) => {
    const [module, pids] = answer.tuple(row, 2);
    return {
      module: answer.atom(module),
      pids: answer.list(pids).map((pid) => answer.pid(pid)),
    };
  });
}

/** The loaded modules that have old code. Read-only. */
export async function modulesWithOldCode(remote: Remote, options?: CallOptions): Promise<string[]> {
  const answer = new Answer(remote, WITH_OLD_CODE.name);
  const result = await runScript(remote, WITH_OLD_CODE, {}, { timeout: PATIENCE, ...options });
  return answer.list(result).map((module) => answer.atom(module));
}

const WITH_OLD_CODE: Script = new Script({
  name: "modules_with_old_code",
  readOnly: true,
  source: "[Module || {Module, _} <- code:all_loaded(), erlang:check_old_code(Module)]",
});

function run(
  remote: Remote,
  script: Script,
  modules: readonly string[],
  options: CallOptions | undefined,
): ReturnType<typeof runScript> {
  const { timeout = PATIENCE, signal } = options ?? {};
  return runScript(remote, script, { Modules: modules.map(atom) }, { timeout, signal });
}

// The code path, not the file that was loaded: after an upgrade the path leads to the new libraries. But a protocol that a relup has loaded out of
// its application is not the consolidated one, which comes first on the path.
const COMPARE: Script = new Script({
  name: "loaded_against_disk",
  bindings: ["Modules"],
  readOnly: true,
  source: `
[case code:is_loaded(Module) of
    false -> {Module, false, true};
    {file, File} ->
        Name = atom_to_list(Module) ++ ".beam",
        IsConsolidated = fun(At) -> is_list(At) andalso lists:suffix("/consolidated/" ++ Name, At) end,
        Path = case code:where_is_file(Name) of
            non_existing -> File;
            Found -> case IsConsolidated(Found) andalso is_list(File) andalso not IsConsolidated(File) of true -> File; false -> Found end
        end,
        Disk = case is_list(Path) andalso beam_lib:md5(Path) of {ok, {_, Md5}} -> Md5; _ -> none end,
        {Module, true, erlang:get_module_info(Module, md5) =:= Disk}
end || Module <- Modules]`,
});

const OLD_CODE: Script = new Script({
  name: "processes_running_old_code",
  bindings: ["Modules"],
  readOnly: true,
  source: `
[{Module, [Pid || Pid <- processes(), Pid =/= self(), erlang:check_process_code(Pid, Module) =:= true]}
 || Module <- Modules, erlang:check_old_code(Module)]`,
});

/** `soft_purge/1`: removes old code that no process runs. `false` when one does: then nothing happened. Changes the node, and kills nobody. */
export async function softPurge(
  remote: Remote,
  module: string,
  options?: CallOptions,
): Promise<boolean> {
  const result = await remote.call("code", "soft_purge", [atom(module)], options);
  return new Answer(remote, "code:soft_purge/1").boolean(result);
}

/**
 * `load_file/1`: loads a module from the node's code path; what ran is old code then. Changes the node.
 * @returns why it could not be loaded, as `sticky_directory`, `on_load_failure`, `nofile` or `not_purged`
 */
export async function loadFile(
  remote: Remote,
  module: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const answer = new Answer(remote, "code:load_file/1");
  // From OTP 26 on a release may keep a list of the files that lay there when it booted.
  await remote.call("code", "clear_cache", [], options).catch(undefinedIsFine);
  const args = [atom(module)];
  const result = await remote.call("code", "load_file", args, { timeout: PATIENCE, ...options });
  const [tag, what] = answer.tuple(result, 2);
  return answer.atom(tag) === "module" ? undefined : inspect(what as Term, { limit: 5 });
}

function undefinedIsFine(error: unknown): void {
  if (!(error instanceof RemoteError && /undef/.test(error.message))) throw error;
}

/** The versions of the loaded modules, by name: what `sys:change_code/4` takes as the old one. Read-only. */
export async function moduleVersions(
  remote: Remote,
  modules: readonly string[],
  options?: CallOptions,
): Promise<Map<string, Term>> {
  const answer = new Answer(remote, VERSIONS.name);
  const rows = answer.list(await run(remote, VERSIONS, modules, options));
  return new Map(
    rows.map((row) => {
      const [module, version] = answer.tuple(row, 2);
      return [answer.atom(module), version as Term];
    }),
  );
}

// As beam_lib:version gives it: a list of one for what erlc made, whatever stands in the attribute otherwise.
const VERSIONS: Script = new Script({
  name: "module_versions",
  bindings: ["Modules"],
  readOnly: true,
  source: `
[{Module, case lists:keyfind(vsn, 1, erlang:get_module_info(Module, attributes)) of
    {_, [Vsn]} -> Vsn; {_, Vsn} -> Vsn; false -> undefined end}
 || Module <- Modules, code:is_loaded(Module) =/= false]`,
});
