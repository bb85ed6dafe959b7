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

/** Binds `Restart`: terminates the release handler and starts it again, so that it reads RELEASES; what it knows then, as which_releases. */
const RESTART = `
States = fun(Known) -> lists:sort([{Name, Version, Status} || {Name, Version, _, Status} <- Known]) end,
Start = fun() -> supervisor:restart_child(sasl_sup, release_handler) end,
Restart = fun() ->
    %% Whatever ends this process in between: timers of the node's own start it again, and find it running else.
    Timers = [timer:apply_after(After, supervisor, restart_child, [sasl_sup, release_handler]) || After <- [2000, 10000]],
    _ = supervisor:terminate_child(sasl_sup, release_handler),
    Started = case Start() of {error, running} -> running; {error, _} -> Start(); Other -> Other end,
    [timer:cancel(Timer) || is_pid(whereis(release_handler)), {ok, Timer} <- Timers],
    case Started of
        {error, _} -> [];
        _ -> release_handler:which_releases()
    end
end,
%% An install that somebody else began would die with its server: it is waited for, and nobody may hold the node.
MayRestart = fun(Known) ->
    States(release_handler:which_releases()) =:= lists:sort(Known) orelse throw({error, changed_meanwhile}),
    whereis(beamctl_guard) =:= Guard orelse throw({error, guarded})
end,
Back = fun(Reason) -> _ = Restart(), {error, case is_pid(whereis(release_handler)) of true -> Reason; false -> release_handler_down end} end,
`;

/** Renames \`RELEASES.beamctl-new\` into place, the former one stays as \`Backup\`; and back again when the release handler then knows anything else. */
export const RELEASES_PUT: Script = new Script({
  name: "releases_put",
  bindings: ["Releases", "Known", "Backup", "Guard"],
  source: `${RESTART}
File = filename:join(Releases, "RELEASES"),
New = File ++ ".beamctl-new",
Must = fun(ok) -> ok; ({ok, _}) -> ok; ({error, Reason}) -> throw({error, Reason}) end,
try
    MayRestart(Known),
    Backup =:= none orelse Must(file:copy(File, Backup)),
    Must(file:rename(New, File)),
    Now = Restart(),
    case States(Now) =:= lists:sort(Known) andalso lists:all(fun({_, _, Libs, _}) -> Libs =/= [] end, Now) of
        true -> ok;
        false ->
            Must(case Backup of none -> file:delete(File); _ -> file:rename(Backup, File) end),
            Back(release_handler_differs)
    end
catch throw:{error, Reason} -> file:delete(New), {error, Reason} end`,
});

/** Takes RELEASES back: \`Backup\`, or none; only when the release handler then knows the versions that it knows now. */
export const RELEASES_BACK: Script = new Script({
  name: "releases_back",
  bindings: ["Releases", "Backup", "Guard"],
  source: `${RESTART}
File = filename:join(Releases, "RELEASES"),
Before = States(release_handler:which_releases()),
Aside = File ++ ".beamctl-aside",
Must = fun(ok) -> ok; ({error, Reason}) -> throw({error, Reason}) end,
try
    MayRestart(Before),
    Must(file:rename(File, Aside)),
    Restored = case Backup of none -> ok; _ -> file:rename(Backup, File) end,
    case Restored of ok -> ok; _ -> Must(file:rename(Aside, File)), throw(Restored) end,
    case States(Restart()) of
        Before -> file:delete(Aside), ok;
        _ ->
            Backup =:= none orelse file:rename(File, Backup),
            Must(file:rename(Aside, File)),
            Back(versions_would_be_forgotten)
    end
catch throw:{error, Reason} -> {error, Reason} end`,
});
