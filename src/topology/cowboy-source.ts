/** The Erlang that tells what Cowboy 2's connection processes do, without a message to one that shows it by itself. */

// erl_eval pays for every variable in scope at every step, so what runs per process is a fun of its own that captures little.

/** Binds `Connections` (which processes stand behind an entry of Ranch) and `Examine` (what one of them does). */
export const COWBOY: string = `
IsConnection = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of
    {cowboy_clear, connection_process, _} -> true; {cowboy_tls, connection_process, _} -> true; _ -> false end
end,

Local = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() end,

Parent = fun(Pid) -> case process_info(Pid, dictionary) of
    {_, Dictionary} -> case lists:keyfind('$ancestors', 1, Dictionary) of {_, [Up | _]} -> Up; _ -> none end;
    undefined -> none end
end,

%% Below a supervisor that stands for a connection: found by links, so that nobody is asked. A question ends some connections.
Below = fun Below(_, 0) -> [];
            Below(Sup, Depth) ->
    Linked = case process_info(Sup, links) of {_, Links} -> lists:filter(Local, Links); _ -> [] end,
    Kids = [Pid || Pid <- Linked, Parent(Pid) =:= Sup],
    case lists:filter(IsConnection, Kids) of
        [] -> lists:append([Below(Pid, Depth - 1) || Pid <- Kids]);
        Found -> Found
    end
end,

%% {Ref, Pid, Mark}: what Ranch noted of it, none below a supervisor, foreign for another protocol's.
Connections = fun(Ref, Pid, Mark) ->
    case IsConnection(Pid) of
        true -> [{Ref, Pid, Mark}];
        false -> case Below(Pid, 3) of [] -> [{Ref, Pid, foreign}]; Pids -> [{Ref, Found, none} || Found <- Pids] end
    end
end,

%% suspended | asleep | runs: a process that hibernates shows no stack.
Place = fun({sys, suspend_loop, _}) -> suspended; ({erlang, hibernate, _}) -> asleep; (_) -> runs end,

%% The innermost module of Cowboy on the stack. What a websocket was before is still below it, so nothing under sys tells anything.
InCowboy = fun InCowboy([]) -> none;
               InCowboy([Frame | Rest]) ->
    case element(1, Frame) of
        cowboy_websocket -> cowboy_websocket; cowboy_http -> cowboy_http; cowboy_http2 -> cowboy_http2; sys -> sys;
        _ -> InCowboy(Rest)
    end
end,

%% A request runs in a process of its own, linked to the connection: {websockets over HTTP/2, plain requests}.
IsSocket = fun(Pid) -> case process_info(Pid, current_stacktrace) of
    {_, Stack} -> InCowboy(Stack) =:= cowboy_websocket; undefined -> false end
end,
IsRequest = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() andalso
    case proc_lib:translate_initial_call(Pid) of {cowboy_stream_h, request_process, _} -> true; _ -> false end
end,
Requests = fun(cowboy_websocket, _) -> {[], []};
              (_, Links) -> lists:partition(IsSocket, lists:filter(IsRequest, Links))
end,

%% {Ref, Pid, Module, By, Where, Ask, Requests, Pairs, Queue}; Ask: only a question can tell the rest.
Examine = fun({Ref, Pid, foreign}) ->
    case process_info(Pid, [current_function, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Queue}] ->
            [{Ref, Pid, element(1, proc_lib:translate_initial_call(Pid)), foreign, Place(Function), false, {[], []}, [], Queue}]
    end;
             ({Ref, Pid, Mark}) ->
    case process_info(Pid, [current_function, current_stacktrace, links, monitors, monitored_by, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Stack}, {_, Links}, {_, Monitors}, {_, MonitoredBy}, {_, Queue}] ->
            Where = Place(Function),
            {Module, By, Open} = case InCowboy(Stack) of
                cowboy_websocket -> {cowboy_websocket, code, false};
                _ when Mark =:= removed -> {cowboy_websocket, removed, false};
                sys -> {none, none, true};
                none -> {none, none, false};
                Http -> {Http, code, false}
            end,
            [{Ref, Pid, Module, By, Where, Open orelse Where =:= asleep, Requests(Module, Links), Joined(Pid, Monitors, MonitoredBy), Queue}]
    end
end,

%% A websocket in a request of an HTTP/2 connection, as {Ref, Connection, Pid}.
Stream = fun({Ref, Over, Pid}) -> case Examine({Ref, Pid, none}) of
    [{_, _, _, _, Where, _, _, Pairs, Queue}] -> [{Ref, Pid, cowboy_websocket, {http2, Over}, Where, false, {[], []}, Pairs, Queue}];
    [] -> [] end
end,
`;
