/** The Erlang that changes relup files: each file is whole at every moment, since only a finished one is renamed into its place. */

import { Script } from "../otp/index.ts";

// Must ends the script at the first step that fails; Stamp names files so that they sort by time.
const SHARED = `
Must = fun(_, ok) -> ok; (_, {ok, Value}) -> Value; (Step, {error, Reason}) -> throw({error, Step, Reason}) end,
Stamp = fun() ->
    Ms = erlang:system_time(millisecond),
    {{Year, Month, Day}, {Hour, Minute, Second}} = calendar:system_time_to_universal_time(Ms, millisecond),
    Fields = [Year, Month, Day, Hour, Minute, Second, Ms rem 1000],
    lists:flatten(io_lib:format("~4..0w~2..0w~2..0wT~2..0w~2..0w~2..0w.~3..0wZ", Fields))
end,
%% A copy that never takes the place of another file.
Keep = fun(Suffix) ->
    Copy = File ++ "." ++ Stamp() ++ Suffix,
    case file:read_file(File) of
        {error, enoent} -> none;
        Read -> ok = Must(copy, file:write_file(Copy, Must(read, Read), [exclusive, sync])), Copy
    end
end,
`;

/** Writes `Relup` into `File`. `Expected` is `any`, or `{Term}` that must be there now. */
export const WRITE: Script = new Script({
  name: "write_relup",
  bindings: ["File", "Relup", "Expected"],
  source: `
${SHARED}
New = File ++ "." ++ Stamp() ++ ".new",
try
    Text = unicode:characters_to_binary(io_lib:format("%% coding: utf-8~n~tp.~n", [Relup])),
    case Expected of
        {Term} -> file:consult(File) =:= {ok, [Term]} orelse throw({error, changed, File});
        any -> ok
    end,
    Must(write, file:write_file(New, Text, [exclusive, sync])),
    file:consult(New) =:= {ok, [Relup]} orelse throw({error, unreadable, New}),
    case file:read_file_info(File) of
        {ok, Info} -> Must(mode, file:change_mode(New, element(8, Info) band 8#7777));
        _ -> ok
    end,
    Kept = Keep(".bak"),
    Must(rename, file:rename(New, File)),
    {ok, Kept}
catch throw:{error, Step, Reason} ->
    file:delete(New),
    {error, Step, Reason}
end`,
});

/** Renames `Backup` to `File`. `Discard` is `none`, or `{Term}` that is not kept when it is there now. */
export const RESTORE: Script = new Script({
  name: "restore_relup",
  bindings: ["File", "Backup", "Discard"],
  source: `
${SHARED}
try
    Discarded = case Discard of {Term} -> file:consult(File) =:= {ok, [Term]}; none -> false end,
    Kept = case Discarded of true -> none; false -> Keep(".undone") end,
    Must(rename, file:rename(Backup, File)),
    {ok, Kept}
catch throw:{error, Step, Reason} -> {error, Step, Reason}
end`,
});
