/** The environments of applications: which of their keys an install would take away. Values never leave the node. */

import { charlist } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** An application and keys of its environment, each as the path to it: `["Elixir.Shop.Endpoint", "http", "port"]`, or one name alone. */
export interface EnvironmentKeys {
  readonly application: string;
  readonly keys: readonly (readonly string[])[];
}

/**
 * The keys of a running application's environment that an install of this `sys.config` would take away or set to something else, and that no file
 * accounts for: an install resets every environment to the .app file and the `sys.config`, so what was set at run time (`config/runtime.exs`
 * of a mix release) is lost. A key that neither has is named; of one that they have its value is compared, key by key where it is a keyword
 * list, and named where the node has something that is neither in this file nor in that of the version that runs: what the new version
 * changes on purpose is not. None where the file includes others. Read-only.
 * @param running the `sys.config` of the version that runs. Where it was replaced by a merged one, its oldest backup beside it is what counts
 */
export async function lostEnvironment(
  remote: Remote,
  sysConfig: string,
  running: string,
  options?: CallOptions,
): Promise<EnvironmentKeys[]> {
  const answer = new Answer(remote, LOST.name);
  const folder = running.slice(0, running.lastIndexOf("/") + 1);
  const bindings = {
    Path: charlist(sysConfig),
    Running: charlist(running),
    Folder: charlist(folder),
  };
  const result = await runScript(remote, LOST, bindings, options);
  return answer.list(result).map((row) => {
    const [application, keys] = answer.tuple(row, 2);
    return {
      application: answer.atom(application),
      keys: answer.list(keys).map((path) => answer.list(path).map((key) => answer.atom(key))),
    };
  });
}

// What OTP and Elixir keep for themselves is set by them again, and so are the engines and encoders that Phoenix's templates keep; a compiled
// filter is only a faster form of the one in the file.
const LOST: Script = new Script({
  name: "lost_environment",
  bindings: ["Path", "Running", "Folder"],
  readOnly: true,
  source: `
Own = [kernel, stdlib, sasl, compiler, crypto, ssl, public_key, runtime_tools, elixir, logger, iex, mix, eex],
Passing = [included_applications, compiled_template_engines, compiled_format_encoders],
Compiled = fun(filter_parameters, {compiled, _, _}) -> true; (_, _) -> false end,
OfFile = fun(App) -> case code:where_is_file(atom_to_list(App) ++ ".app") of
    non_existing -> [];
    File -> case file:consult(File) of
        {ok, [{application, _, Props}]} -> case lists:keyfind(env, 1, Props) of {_, Env} -> Env; false -> [] end;
        _ -> [] end
end end,
Consult = fun(File) -> case file:consult(File) of
    {ok, [Terms]} when is_list(Terms) -> case lists:all(fun(Entry) -> is_tuple(Entry) end, Terms) of true -> Terms; false -> none end;
    _ -> none
end end,
%% The file as it was built, when a merged one has taken its place.
Backups = case file:list_dir(Folder) of
    {ok, Names} -> lists:sort([Name || Name <- Names, is_list(Name), lists:prefix("sys.config.", Name), lists:suffix(".bak", Name)]);
    _ -> []
end,
Built = Consult(case Backups of [First | _] -> Folder ++ First; [] -> Running end),
Find = fun(Key, Pairs) -> case lists:keyfind(Key, 1, Pairs) of {_, Value} -> {ok, Value}; _ -> none end end,
%% What a config has of an application, else its .app file.
Of = fun(_, _, none, _) -> unknown;
        (App, Key, Terms, Spec) -> case Find(Key, lists:append([Pairs || {Name, Pairs} <- Terms, Name =:= App])) of none -> Find(Key, Spec); Found -> Found end
end,
IsKeyword = fun IsKeyword([{Key, _} | Rest], Seen) when is_atom(Key) -> not lists:member(Key, Seen) andalso IsKeyword(Rest, [Key | Seen]);
                IsKeyword(Rest, _) -> Rest =:= [] end,
Inner = fun({ok, Value}) -> case IsKeyword(Value, []) of true -> Value; false -> none end; (_) -> none end,
Differ = fun Differ(_, Now, {ok, Now}, _) -> [];
             Differ(_, Now, _, {ok, Now}) -> [];
             Differ(_, _, _, unknown) -> [];
             Differ(Names, Now, New, Old) -> case {Inner({ok, Now}), Inner(New)} of
    {Pairs = [_ | _], Others} when is_list(Others) ->
        Olds = case Inner(Old) of none -> []; Known -> Known end,
        lists:append([Differ([Key | Names], Value, Find(Key, Others), Find(Key, Olds)) || {Key, Value} <- Pairs]);
    _ -> [lists:reverse(Names)]
end end,
case Consult(Path) of
    none -> [];
    Config -> lists:filtermap(fun({App, _, _}) ->
        Spec = OfFile(App),
        Lost = lists:append([case Of(App, Key, Config, Spec) of
            none -> [[Key]];
            New -> Differ([Key], Value, New, Of(App, Key, Built, Spec))
        end || {Key, Value} <- application:get_all_env(App), is_atom(Key), not lists:member(Key, Passing), not Compiled(Key, Value)]),
        case lists:sort(Lost) of [] -> false; Sorted -> {true, {App, Sorted}} end
    end, [Entry || Entry = {App, _, _} <- application:which_applications(2000), not lists:member(App, Own)])
end`,
});
