/** The Erlang that merges a release's runtime configuration into its sys.config. Values never leave the node. */

import { MD5, Script } from "../../otp/index.ts";

/**
 * Runs the configuration providers of a version's sys.config that read files (`config/runtime.exs` of a mix release) over it, as a boot of it would. With \`Write\` what comes out is
 * written to \`New\`, readable by the node's user alone. Answers \`{ok, same | Digests, Providers that were not run}\`, or \`{error, Step, What}\`: of what runtime.exs raised only the name of the exception.
 */
export const MERGE: Script = new Script({
  name: "config_merge",
  bindings: ["Root", "File", "New", "Runtime", "Write"],
  source: `${MD5}
%% What runtime.exs prints may be a value, too.
_ = group_leader(whereis(user), self()),
Reader = 'Elixir.Config.Reader',
Path = fun({system, <<"RELEASE_ROOT">>, Rest}) -> unicode:characters_to_binary([Root, Rest]);
          ({system, Name, Rest}) -> case os:getenv(unicode:characters_to_list(Name)) of false -> throw({error, environment, Name}); Value -> unicode:characters_to_binary([Value, Rest]) end;
          (Given) -> Given end,
Head = fun(Text) -> lists:takewhile(fun(<<"%", _/binary>>) -> true; (_) -> false end, binary:split(Text, <<"\\n">>, [global])) end,
try
    Old = case file:consult(File) of {ok, [Terms]} when is_list(Terms) -> Terms; _ -> throw({error, unreadable, none}) end,
    lists:all(fun(Entry) -> is_tuple(Entry) end, Old) orelse throw({error, includes, none}),
    case code:ensure_loaded(Reader) of {module, _} -> ok; _ -> throw({error, no_elixir, none}) end,
    Init = case lists:keyfind(elixir, 1, Old) of {_, Own} -> case lists:keyfind(config_provider_init, 1, Own) of {_, Found} -> Found; false -> none end; false -> none end,
    Providers = case Init of
        #{providers := List} -> List;
        _ -> case filelib:is_regular(Runtime) of
            true -> [{Reader, {unicode:characters_to_binary(Runtime), [{env, prod}, {target, host}, {imports, disabled}]}}];
            false -> []
        end
    end,
    Load = fun({Module, {File1, Options}}, Config) when Module =:= Reader, is_list(Options) -> Reader:load(Config, {Path(File1), Options});
              ({Module, File1}, Config) when Module =:= Reader -> Reader:load(Config, Path(File1));
              (_, Config) -> Config end,
    Merged = try lists:foldl(Load, Old, Providers)
    catch
        throw:{error, Step, What} -> throw({error, Step, What});
        error:#{'__struct__' := 'Elixir.System.EnvError', env := Name} -> throw({error, environment, Name});
        error:#{'__struct__' := Exception} -> throw({error, raised, Exception});
        Class:_ -> throw({error, raised, Class})
    end,
    Others = [Module || {Module, _} <- Providers, Module =/= Reader],
    case Merged =:= Old of
        true -> {ok, same, Others};
        false when not Write -> {ok, differs, Others};
        false ->
            {ok, Text} = file:read_file(File),
            %% bin/NAME looks for RUNTIME_CONFIG among these lines.
            Lines = [[Line, $\\n] || Line <- Head(Text)],
            Coding = case lists:any(fun(Line) -> binary:match(iolist_to_binary(Line), <<"coding:">>) =/= nomatch end, Lines) of true -> []; false -> <<"%% coding: utf-8\\n">> end,
            Bytes = unicode:characters_to_binary([Coding, Lines, io_lib:format("~tp.~n", [Merged])]),
            _ = file:delete(New),
            Must = fun(ok) -> ok; ({error, Reason}) -> throw({error, write, Reason}) end,
            Must(file:write_file(New, <<>>, [exclusive])),
            Must(file:change_mode(New, 8#600)),
            Must(file:write_file(New, Bytes, [sync])),
            case file:consult(New) of {ok, [Merged]} -> ok; _ -> file:delete(New), throw({error, no_text, none}) end,
            {_, Before} = Md5(File),
            {_, After} = Md5(New),
            {ok, {Before, After}, Others}
    end
catch throw:{error, Step, What} -> {error, Step, What} end`,
});

/** Renames \`New\` to \`File\` when that is still \`Before\`; it stays as \`Backup\`. */
export const PUT: Script = new Script({
  name: "config_put",
  bindings: ["File", "New", "Backup", "Before"],
  source: `${MD5}
Must = fun(ok) -> ok; ({ok, _}) -> ok; ({error, Reason}) -> throw({error, Reason}) end,
try
    case Md5(File) of {_, Before} -> ok; _ -> throw({error, changed_meanwhile}) end,
    {ok, Info} = file:read_file_info(File),
    Must(file:write_file(Backup, <<>>, [exclusive])),
    Must(file:change_mode(Backup, element(8, Info) band 8#7777)),
    Must(file:copy(File, Backup)),
    Must(file:rename(New, File))
catch throw:{error, Reason} -> file:delete(New), {error, Reason} end`,
});
