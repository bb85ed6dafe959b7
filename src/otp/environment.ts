/** The environments of applications: which of their keys an install would take away. Values never leave the node. */

import { charlist } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** An application and keys of its environment. */
export interface EnvironmentKeys {
  readonly application: string;
  readonly keys: readonly string[];
}

/**
 * The keys that are in the environment of a running application, and neither in its .app file nor in this `sys.config`: an install resets every
 * environment to these two, so that what was set at run time (`config/runtime.exs` of a mix release) is lost. None where the file includes
 * others. Read-only.
 */
export async function lostEnvironment(
  remote: Remote,
  sysConfig: string,
  options?: CallOptions,
): Promise<EnvironmentKeys[]> {
  const answer = new Answer(remote, LOST.name);
  const result = await runScript(remote, LOST, { Path: charlist(sysConfig) }, options);
  return answer.list(result).map((row) => {
    const [application, keys] = answer.tuple(row, 2);
    return {
      application: answer.atom(application),
      keys: answer.list(keys).map((key) => answer.atom(key)),
    };
  });
}

// What OTP and Elixir keep for themselves is set by them again; so are the tables that phoenix_template makes of its settings.
const LOST: Script = new Script({
  name: "lost_environment",
  bindings: ["Path"],
  readOnly: true,
  source: `
Own = [kernel, stdlib, sasl, compiler, crypto, ssl, public_key, runtime_tools, elixir, logger, iex, mix, eex],
Keys = fun(Pairs) -> [Key || {Key, _} <- Pairs, is_atom(Key)] end,
OfFile = fun(App) -> case code:where_is_file(atom_to_list(App) ++ ".app") of
    non_existing -> [];
    File -> case file:consult(File) of
        {ok, [{application, _, Props}]} -> case lists:keyfind(env, 1, Props) of {_, Env} -> Env; false -> [] end;
        _ -> [] end
end end,
Config = case file:consult(Path) of {ok, [Terms]} when is_list(Terms) -> Terms; _ -> [none] end,
case lists:all(fun(Entry) -> is_tuple(Entry) end, Config) of
    false -> [];
    true -> lists:filtermap(fun({App, _, _}) ->
        Now = Keys(application:get_all_env(App))
            -- [included_applications, compiled_format_encoders, compiled_template_engines],
        Spec = Keys(OfFile(App)),
        New = lists:append([Keys(Pairs) || {Of, Pairs} <- Config, Of =:= App]),
        case lists:sort(Now -- (Spec ++ New)) of [] -> false; Lost -> {true, {App, Lost}} end
    end, [Entry || Entry = {App, _, _} <- application:which_applications(2000), not lists:member(App, Own)])
end`,
});
