/** ejabberd's connections: who there is by the links of its supervisors, whose they are by their sockets, what they do by their stacks. */

import { type Answer, BATCH, Script } from "../otp/index.ts";
import { type Term, Tuple } from "../term/index.ts";
import type { SocketSource } from "./adapter.ts";
import type { Connection } from "./socket.ts";
import { examineScript } from "./sockets.ts";

/** Binds `ModuleSups`, `{Name, Pid}` each, `Supervised`, and `SupsOf`: those of them that hold a listener's connections. */
export const MODULE_SUPERVISORS: string = `
ModuleSups = case process_info(whereis(ejabberd_sup), links) of
    {_, Branches} -> [{Name, Pid} || Pid <- Branches, is_pid(Pid), {_, Name} <- [process_info(Pid, registered_name)],
                                     {supervisor, ejabberd_tmp_sup, _} <- [proc_lib:translate_initial_call(Pid)]];
    undefined -> []
end,
Supervised = ets:match(ejabberd_listener, {'$1', '$2', #{supervisor => true}}),
SupsOf = fun(Ref) -> [Pid || [Of, Module] <- Supervised, Of =:= Ref,
                             {Name, Pid} <- ModuleSups, atom_to_list(Name) =:= atom_to_list(Module) ++ "_sup"] end,
`;

// A supervisor serves all listeners of one module, some serve outgoing connections, and a session may outlive its socket: so the socket tells
// what is an open connection, and whose. Connections of a listener with {supervisor, false} hang nowhere; that of one added at run time is not
// known. For these all sockets of the node are gone through.
const ENTRIES: Script = new Script({
  name: "ejabberd_connections",
  bindings: ["Wait", "Only"],
  readOnly: true,
  source: `
${BATCH}
${MODULE_SUPERVISORS}
Table = [Ref || [Ref] <- ets:match(ejabberd_listener, {'$1', '_', '_'})],
Added = [Ref || {_, Kids} <- Children([Sup || Sup <- [whereis(ejabberd_listener)], is_pid(Sup)], Now() + Wait), is_list(Kids), {Ref, _, _, _} <- Kids],
Refs = lists:usort(Table ++ Added),
Wanted = fun(Ref) -> Only =:= all orelse lists:member(Ref, Only) end,
Fits = fun({Port, {0, 0, 0, 0}, _}, {_, Port}) -> true;
          ({Port, {0, 0, 0, 0, 0, 0, 0, 0}, _}, {_, Port}) -> true;
          ({Port, Ip, _}, {Ip, Port}) -> true;
          ({Path, _, _}, {local, _}) -> is_binary(Path);
          (_, _) -> false
end,
RefOf = fun(Socket, Name) -> case inet:sockname(Socket) of
    {ok, Address} -> case [Ref || Ref <- Refs, Fits(Ref, Address)] of [] -> []; [Ref] -> [Ref]; _ -> [Name] end;
    _ -> [] end
end,
Linked = fun(Pid) -> case process_info(Pid, links) of {_, Links} -> Links; undefined -> [] end end,
Held = [{Ref, Pid, Name} || {Name, Sup} <- ModuleSups, Pid <- Linked(Sup), is_pid(Pid), Pid =/= whereis(ejabberd_sup), node(Pid) =:= node(),
                            Socket <- Linked(Pid), is_port(Socket), Ref <- RefOf(Socket, Name), Wanted(Ref)],
Loose = fun(Ref) -> not lists:any(fun([Of, _]) -> Of =:= Ref end, Supervised) end,
AnyLoose = lists:any(Loose, Refs),
Known = case AnyLoose of true -> maps:from_list([{Pid, held} || {_, Pid, _} <- Held]); false -> #{} end,
Acceptor = fun(Pid) -> proc_lib:translate_initial_call(Pid) =:= {ejabberd_listener, init, 3} end,
Free = [{Ref, Pid, none} || Socket <- case AnyLoose of true -> erlang:ports(); false -> [] end,
                            Ref <- RefOf(Socket, none), Loose(Ref), Wanted(Ref), {connected, Pid} <- [erlang:port_info(Socket, connected)],
                            is_pid(Pid), not is_map_key(Pid, Known), not Acceptor(Pid)],
Asked = [{Ref, Sup} || Ref <- Refs, Wanted(Ref), Sup <- SupsOf(Ref)],
Silent = [Sup || {Sup, timeout} <- Counts(lists:usort([Sup || {_, Sup} <- Asked]), Now() + Wait)],
{Held ++ Free, [Pair || Pair = {_, Sup} <- Asked, lists:member(Sup, Silent)]}`,
});

/** See {@link SocketSource}; the entries are `{Ref, Pid, Supervisor | none}`. A connection is sent nothing: those of HTTP would not answer. */
export const EJABBERD_SOCKETS: SocketSource = {
  entries: ENTRIES,
  examine: examineScript(
    "ejabberd_connections",
    `
%% The innermost frame of ejabberd tells: a websocket is run by the HTTP process that it was, far down in the request.
Does = fun Does([]) -> none;
           Does([{ejabberd_websocket, ws_loop, _, _} | _]) -> websocket;
           Does([{ejabberd_http, receive_headers, _, _} | _]) -> idle;
           Does([{ejabberd_http, init, _, _} | _]) -> idle;
           Does([{ejabberd_http, _, _, _} | _]) -> busy;
           Does([_ | Rest]) -> Does(Rest)
end,
Examine = fun({Ref, Pid, Sup}) ->
    case process_info(Pid, [current_function, status, current_stacktrace, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Status}, {_, Stack}, {_, Queue}] ->
            Where = case Status of suspended -> suspended; _ -> Place(Function) end,
            {Kind, By, Running} = case proc_lib:translate_initial_call(Pid) of
                {ejabberd_http, init, _} -> case Does(Stack) of
                    websocket -> {websocket, websocket, []};
                    idle -> {http, http, []};
                    busy -> {http, http, [Pid]};
                    none -> {none, nothing, []} end;
                {Module, _, _} -> {none, {other, case Sup of none -> Module; _ -> Sup end}, []}
            end,
            [{Ref, Pid, Kind, By, Where, false, {[], Running}, [], Queue}]
    end
end,
Stream = fun(_) -> [] end,
AskKinds = fun(_, _) -> [] end,
`,
  ),
  explain,
};

function explain(answer: Answer, by: Term): Pick<Connection, "evidence" | "stop"> {
  if (by instanceof Tuple) {
    const [, name] = answer.tuple(by, 2);
    return { evidence: `it belongs to ${answer.atom(name)}, which is not HTTP`, stop: "none" };
  }
  switch (answer.atom(by)) {
    // It takes any message and drops what it does not know, system messages among them.
    case "websocket":
      return { evidence: "it runs ejabberd_websocket:ws_loop", stop: "freeze" };
    case "http":
      return { evidence: "it runs ejabberd_http", stop: "freeze" };
    default:
      return { evidence: "its stack shows nothing of ejabberd_http", stop: "none" };
  }
}
