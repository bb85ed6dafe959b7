/** The Erlang that looks at a version on the node, and the one that unpacks its package. */

import { Script } from "../../otp/index.ts";

/** What lies on the disk of a version: its folder, the libraries, and every .rel that could be its own. */
export const LAYOUT: Script = new Script({
  name: "release_layout",
  bindings: ["Root", "Releases", "Version", "Package", "Rel"],
  source: `
Folder = filename:join(Releases, Version),
List = fun(Dir) -> case file:list_dir(Dir) of {ok, Names} -> lists:sort([Name || Name <- Names, is_list(Name)]); _ -> none end end,
Files = List(Folder),
Rels = [filename:join(Folder, File) || is_list(Files), File <- Files, filename:extension(File) =:= ".rel"] ++ [Rel],
{filelib:is_regular(Package), Files, List(filename:join(Root, "lib")), [{Path, Terms} || Path <- Rels, {ok, Terms} <- [file:consult(Path)]]}`,
});

/** The entries of a package: name, type, size. */
export const TABLE: Script = new Script({
  name: "package_table",
  bindings: ["Package"],
  source: `
case erl_tar:table(Package, [compressed, verbose]) of
    {ok, Entries} -> {ok, [{element(1, Entry), element(2, Entry), element(3, Entry)} || Entry <- Entries]};
    _ -> error
end`,
});

/** The one term in a file of a package. */
export const PEEK: Script = new Script({
  name: "package_peek",
  bindings: ["Package", "File"],
  source: `
case erl_tar:extract(Package, [compressed, memory, {files, [File]}]) of
    {ok, [{_, Bytes}]} ->
        {ok, Tokens, _} = erl_scan:string(case unicode:characters_to_list(Bytes) of Text when is_list(Text) -> Text; _ -> binary_to_list(Bytes) end),
        case erl_parse:parse_term(Tokens) of {ok, Term} -> {ok, Term}; _ -> none end;
    _ -> none
end`,
});

/**
 * Takes \`Files\` out of the package into \`Stage\`, and renames from there into place what \`Moves\` says, \`{From, To}\`, where nothing is yet. A link
 * that leads out of its own library is refused before anything is in place.
 */
export const EXTRACT: Script = new Script({
  name: "package_extract",
  bindings: ["Package", "Stage", "Files", "Moves"],
  source: `
Must = fun(_, ok) -> ok; (_, {ok, Value}) -> Value; (Step, {error, Reason}) -> throw({error, Step, Reason}) end,
Leaves = fun Leaves(Path, Depth) -> case file:read_link(Path) of
    {ok, To} ->
        %% From its own folder, a step up for each "..": never above the library.
        Steps = lists:foldl(fun("..", Now) when is_integer(Now), Now > 0 -> Now - 1; ("..", _) -> out; (".", Now) -> Now;
                               (_, Now) when is_integer(Now) -> Now + 1; (_, Now) -> Now end, Depth - 1, filename:split(To)),
        filename:pathtype(To) =/= relative orelse Steps =:= out;
    _ -> case file:list_dir(Path) of
        {ok, Names} -> lists:any(fun(Name) -> Leaves(filename:join(Path, Name), Depth + 1) end, Names);
        _ -> false
    end
end end,
_ = file:del_dir_r(Stage),
try
    Must(stage, file:make_dir(Stage)),
    Must(extract, erl_tar:extract(Package, [compressed, {cwd, Stage}, {files, Files}])),
    [throw({error, link, element(1, Move)}) || Move <- Moves, Leaves(element(1, Move), 0)],
    [Must(rename, case file:read_link_info(To) of {error, enoent} -> filelib:ensure_dir(To), file:rename(From, To); _ -> {error, eexist} end)
     || {From, To} <- Moves],
    ok
catch throw:{error, Step, Reason} ->
    {error, Step, if is_atom(Reason) -> Reason; is_tuple(Reason), is_atom(element(2, Reason)) -> element(2, Reason); true -> refused end}
after file:del_dir_r(Stage) end`,
});
