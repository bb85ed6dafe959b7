/** The Erlang that writes RELEASES and has the release handler read it. */

import { MD5, Script } from "../../otp/index.ts";

/**
 * Makes `RELEASES.beamctl-new`: the entries of RELEASES as they are, and those of `Describe` (`{Version, RelFile}`) as create_RELEASES makes them, each in the
 * state that `Known` says. It is made in a folder of its own, since create_RELEASES replaces the file.
 */
export const RELEASES_STAGE: Script = new Script({
  name: "releases_stage",
  bindings: ["Root", "Releases", "Describe", "Known"],
  source: `${MD5}
File = filename:join(Releases, "RELEASES"),
New = File ++ ".beamctl-new",
Scratch = filename:join(Releases, ".beamctl-releases"),
_ = file:del_dir_r(Scratch),
try
    ok = file:make_dir(Scratch),
    Made = [case release_handler:create_RELEASES(Root, Scratch, RelFile, []) of
        ok -> {ok, [[Entry]]} = file:consult(filename:join(Scratch, "RELEASES")), {Version, Entry};
        {error, _} -> throw({error, bad_rel_file})
    end || {Version, RelFile} <- Describe],
    Old = case file:consult(File) of {ok, [Entries]} -> Entries; {error, enoent} -> []; _ -> throw({error, unreadable}) end,
    All = [case lists:keyfind(Version, 1, Made) of
        {_, Entry} -> setelement(6, Entry, Status);
        false -> case lists:keyfind(Version, 3, Old) of false -> throw({error, unknown_version}); Entry -> setelement(6, Entry, Status) end
    end || {_, Version, Status} <- Known],
    Text = unicode:characters_to_binary(io_lib:format("%% ~s~n~tp.~n", [epp:encoding_to_string(utf8), All])),
    _ = file:delete(New),
    case file:write_file(New, Text, [exclusive, sync]) of ok -> ok; Failed -> throw(Failed) end,
    {ok, [All]} = file:consult(New),
    {_, After} = Md5(New),
    {ok, case Md5(File) of {_, Digest} when is_binary(Digest) -> Digest; _ -> none end, After}
catch throw:{error, Reason} -> {error, Reason}
after file:del_dir_r(Scratch) end`,
});

/** Binds `Restart`: terminates the release handler and starts it again, so that it reads RELEASES; `{Name, Version, Status}` of what it knows then. */
const RESTART = `
Restart = fun() ->
    _ = supervisor:terminate_child(sasl_sup, release_handler),
    case supervisor:restart_child(sasl_sup, release_handler) of
        {ok, _} -> release_handler:which_releases();
        _ -> []
    end
end,
`;

/** Renames \`RELEASES.beamctl-new\` into place, and back again when the release handler then knows anything else. */
export const RELEASES_PUT: Script = new Script({
  name: "releases_put",
  bindings: ["Releases", "Root", "Known"],
  source: `${RESTART}
File = filename:join(Releases, "RELEASES"),
New = File ++ ".beamctl-new",
Kept = case filelib:is_regular(File) of
    true -> Copy = File ++ "." ++ integer_to_list(erlang:system_time(millisecond)) ++ ".bak", {ok, _} = file:copy(File, Copy), Copy;
    false -> none
end,
_ = Root,
case file:rename(New, File) of
    ok ->
        Now = Restart(),
        Same = lists:sort([{Name, Version, Status} || {Name, Version, _, Status} <- Now]) =:= lists:sort(Known),
        case Same andalso lists:all(fun({_, _, Libs, _}) -> Libs =/= [] end, Now) of
            true -> {ok, Kept};
            false ->
                case Kept of none -> file:delete(File); _ -> file:rename(Kept, File) end,
                _ = Restart(),
                {error, release_handler_differs}
        end;
    {error, Reason} -> Kept =/= none andalso file:delete(Kept), {error, Reason}
end`,
});

/** Takes RELEASES back: \`Backup\`, or none; only when its entries are those of the versions in \`Versions\`. */
export const RELEASES_BACK: Script = new Script({
  name: "releases_back",
  bindings: ["Releases", "Backup"],
  source: `${RESTART}
File = filename:join(Releases, "RELEASES"),
Before = lists:sort([{Name, Version, Status} || {Name, Version, _, Status} <- release_handler:which_releases()]),
Aside = File ++ ".beamctl-aside",
Must = fun(ok) -> ok; ({error, Reason}) -> throw({error, Reason}) end,
try
    Must(file:rename(File, Aside)),
    Restored = case Backup of none -> ok; _ -> file:rename(Backup, File) end,
    case Restored of ok -> ok; _ -> ok = file:rename(Aside, File), throw(Restored) end,
    case lists:sort([{Name, Version, Status} || {Name, Version, _, Status} <- Restart()]) of
        Before -> file:delete(Aside), ok;
        _ ->
            Backup =:= none orelse file:rename(File, Backup),
            ok = file:rename(Aside, File),
            _ = Restart(),
            {error, versions_would_be_forgotten}
    end
catch throw:{error, Reason} -> {error, Reason} end`,
});
