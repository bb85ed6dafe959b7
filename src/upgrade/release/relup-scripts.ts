/** The Erlang that makes a relup on the node from the applications' appups. */

import { Script } from "../../otp/index.ts";

/** Whether each \`{App, Folder}\` has an .appup; \`Folder\` is that of the library. */
export const APPUPS: Script = new Script({
  name: "relup_appups",
  bindings: ["Libraries"],
  source: `[filelib:is_regular(filename:join([Folder, "ebin", App ++ ".appup"])) || {App, Folder} <- Libraries]`,
});

/** Modules whose beams differ between two folders of the same application. */
export const CHANGED: Script = new Script({
  name: "relup_changed_modules",
  bindings: ["Old", "New"],
  source: `
Beams = fun(Dir) -> [{filename:basename(File), case beam_lib:md5(File) of {ok, {_, Md5}} -> Md5; _ -> none end}
                     || File <- filelib:wildcard(filename:join([Dir, "ebin", "*.beam"]))] end,
[Of, Now] = [Beams(Old), Beams(New)],
Name = fun(File) -> filename:rootname(File) end,
{[Name(File) || {File, Md5} <- Now, case lists:keyfind(File, 1, Of) of false -> false; {_, Former} -> Md5 =/= Former end],
 [Name(File) || {File, _} <- Now, not lists:keymember(File, 1, Of)],
 [Name(File) || {File, _} <- Of, not lists:keymember(File, 1, Now)]}`,
});

/** systools:make_relup without writing: the relup with its warnings, or the reason in systools' own words. */
export const MAKE: Script = new Script({
  name: "relup_make",
  bindings: ["New", "Old", "Path"],
  source: `
case code:ensure_loaded(systools) of
    {module, _} ->
        %% noexec: nothing is written, and nothing printed.
        case systools:make_relup(New, [Old], [Old], [{path, Path}, noexec, silent]) of
            {ok, Relup, Module, Warnings} -> {ok, Relup, case Warnings of [] -> <<>>; _ -> unicode:characters_to_binary(Module:format_warning(Warnings)) end};
            {error, Module, Reason} -> {error, unicode:characters_to_binary(Module:format_error(Reason))};
            _ -> {error, <<"systools failed">>}
        end;
    _ -> {error, <<"sasl on the node has no systools">>}
end`,
});
