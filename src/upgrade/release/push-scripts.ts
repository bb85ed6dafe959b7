/** The Erlang of a push: what lies there, one chunk, the end. */

import { MD5, Script } from "../../otp/index.ts";

/** What lies at `File`, and the digests of the chunks that lie in `Part` already. */
export const LOOK: Script = new Script({
  name: "push_look",
  bindings: ["File", "Part", "Chunk"],
  source: `${MD5}
Chunks = case file:open(Part, [read, raw, binary]) of
    {ok, PartFd} ->
        Each = fun Each(Acc) -> case file:read(PartFd, Chunk) of
            {ok, Piece} -> Each([erlang:md5(Piece) | Acc]);
            _ -> lists:reverse(Acc)
        end end,
        All = Each([]),
        file:close(PartFd),
        All;
    _ -> []
end,
{case Md5(File) of {error, _} -> none; Found -> Found end, Chunks}`,
});

/** Takes one chunk when it is the very one that was sent, and reads it back from the disk. */
export const TAKE: Script = new Script({
  name: "push_take",
  bindings: ["Part", "At", "Bytes", "Digest"],
  source: `
case erlang:md5(Bytes) =:= Digest of
    false -> {error, damaged};
    true -> case file:open(Part, [read, write, raw, binary]) of
        {ok, Fd} ->
            Written = case file:pwrite(Fd, At, Bytes) of
                ok -> case file:pread(Fd, At, byte_size(Bytes)) of {ok, Bytes} -> ok; _ -> {error, damaged} end;
                Failed -> Failed
            end,
            Closed = file:close(Fd),
            case Written of ok -> Closed; _ -> Written end;
        Failed -> Failed
    end
end`,
});

/** Cuts `Part` to its size, compares all of it, and renames it into place; only with `Force` over another file. */
export const FINISH: Script = new Script({
  name: "push_finish",
  bindings: ["File", "Part", "Size", "Digest", "Force"],
  source: `${MD5}
Must = fun(ok) -> ok; ({ok, Value}) -> Value; ({error, Reason}) -> throw({error, Reason}) end,
try
    Fd = Must(file:open(Part, [read, write, raw, binary])),
    Must(file:position(Fd, Size)),
    Must(file:truncate(Fd)),
    Must(file:sync(Fd)),
    Must(file:close(Fd)),
    Md5(Part) =:= {Size, Digest} orelse throw({error, differs}),
    Force orelse not filelib:is_file(File) orelse throw({error, eexist}),
    Must(file:rename(Part, File)),
    ok
catch throw:{error, Reason} -> {error, Reason} end`,
});

/** Bytes that are free where `Folder` lies, by df(1) as os_mon asks; `unknown` where it cannot tell. */
export const FREE: Script = new Script({
  name: "free_space",
  bindings: ["Folder"],
  source: `
case os:find_executable("df") of
    false -> unknown;
    Df ->
        Port = open_port({spawn_executable, Df}, [{args, ["-Pk", Folder]}, {env, [{"LC_ALL", "C"}]}, exit_status, stderr_to_stdout, binary]),
        Read = fun Read(Acc) -> receive
            {Port, {data, Data}} -> Read(<<Acc/binary, Data/binary>>);
            {Port, {exit_status, 0}} -> Acc;
            {Port, {exit_status, _}} -> <<>>
        after 3000 -> catch port_close(Port), <<>> end end,
        case re:run(Read(<<>>), "\\\\s\\\\d+\\\\s+\\\\d+\\\\s+(\\\\d+)\\\\s+\\\\d+%", [{capture, [1], list}]) of
            {match, [Free]} -> list_to_integer(Free) * 1024;
            nomatch -> unknown
        end
end`,
});
