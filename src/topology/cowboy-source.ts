/** The Erlang that tells what Cowboy's connection processes do, without a message to one that shows it by itself. */

// erl_eval pays for every variable in scope at every step, so what runs per process is a fun of its own that captures little.

/** Binds what `examineScript` asks for, for entries `{Ref, Pid, Mark}` of Ranch: `Mark` is what it noted of the connection. */
export const COWBOY: string = `
%% two: a process of Cowboy 2; one: of Cowboy 1, which is not started by proc_lib and takes no system messages.
Of = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of
    {cowboy_clear, connection_process, _} -> two; {cowboy_tls, connection_process, _} -> two;
    _ -> case process_info(Pid, initial_call) of {_, {cowboy_protocol, init, _}} -> one; _ -> other end end
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
    case [Pid || Pid <- Kids, Of(Pid) =/= other] of
        [] -> lists:append([Below(Pid, Depth - 1) || Pid <- Kids]);
        Found -> Found
    end
end,

%% {Ref, Pid, Mark, Of}: the mark is none below a supervisor.
Behind = fun({Ref, Pid, Mark}) ->
    case Of(Pid) of
        other -> case Below(Pid, 3) of [] -> [{Ref, Pid, Mark, other}]; Pids -> [{Ref, Found, none, Of(Found)} || Found <- Pids] end;
        Own -> [{Ref, Pid, Mark, Own}]
    end
end,

%% The innermost module of Cowboy on the stack. What a websocket was before is still below it, so nothing under sys tells anything.
InCowboy = fun InCowboy([]) -> none;
               InCowboy([Frame | Rest]) ->
    case element(1, Frame) of
        cowboy_websocket -> cowboy_websocket; cowboy_http -> cowboy_http; cowboy_http2 -> cowboy_http2; sys -> sys;
        _ -> InCowboy(Rest)
    end
end,

%% A request runs in a process of its own, linked to the connection: {websockets over HTTP/2, plain requests}. Of those that are suspended
%% or hibernate only the status tells which they are; nothing but Cowboy's own loops gets a request there.
IsSocket = fun(Pid) -> case process_info(Pid, [current_function, current_stacktrace]) of
    [{_, Function}, {_, Stack}] -> case Place(Function) of
        runs -> InCowboy(Stack) =:= cowboy_websocket;
        _ -> case Statuses([Pid], Now() + Wait) of [{_, {cowboy_websocket, _}}] -> true; _ -> false end
    end;
    undefined -> false
end end,
IsRequest = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() andalso
    case proc_lib:translate_initial_call(Pid) of {cowboy_stream_h, request_process, _} -> true; _ -> false end
end,
Requests = fun(Links) -> lists:partition(IsSocket, lists:filter(IsRequest, Links)) end,

%% Cowboy 1 runs a request in the connection itself: what is above cowboy_protocol on the stack, but for the wait on the socket, is a request.
Idle = fun Idle([{cowboy_protocol, _, _, _} | _]) -> true;
           Idle([{Module, _, _, _} | Rest]) when Module =:= prim_inet; Module =:= gen_tcp; Module =:= inet; Module =:= ssl;
                                               Module =:= ranch; Module =:= ranch_tcp; Module =:= ranch_ssl; Module =:= gen; Module =:= gen_statem;
                                               Module =:= tls_socket; Module =:= ssl_connection; Module =:= tls_gen_connection;
                                               Module =:= ssl_gen_statem -> Idle(Rest);
           Idle(_) -> false
end,

%% A trace is eight calls deep, and what is below the user's own code may not be in it.
InRequest = fun(Stack) -> lists:keymember(cowboy_handler, 1, Stack) orelse lists:keymember(cowboy_protocol, 1, Stack) end,

One = fun({Ref, Pid, Mark, one}) ->
    case process_info(Pid, [status, current_stacktrace, links, monitors, monitored_by, message_queue_len]) of
        undefined -> [];
        [{_, Status}, {_, Stack}, {_, Links}, {_, Monitors}, {_, MonitoredBy}, {_, Queue}] ->
            Where = case Status of suspended -> suspended; _ -> runs end,
            Linked = LinkedTo(Pid, Links),
            {Kind, By, Running} = case InCowboy(Stack) of
                cowboy_websocket -> {websocket, {cowboy1, code}, []};
                _ when Mark =:= removed -> {websocket, {cowboy1, removed}, []};
                _ when Linked =/= [] -> {websocket, {cowboy1, channel}, []};
                _ -> case Idle(Stack) of
                    true -> {http, {cowboy1, code}, []};
                    false when Mark =:= active -> {http, {cowboy1, code}, [Pid]};
                    false -> case InRequest(Stack) of true -> {http, {cowboy1, code}, [Pid]}; false -> {none, {cowboy1, hidden}, []} end
                end
            end,
            Channels = case Kind of websocket -> Linked ++ (Joined(Pid, Monitors, MonitoredBy) -- Linked); _ -> [] end,
            [{Ref, Pid, Kind, By, Where, false, {[], Running}, Channels, Queue}]
    end;
         ({Ref, Pid, _, other}) ->
    case process_info(Pid, [current_function, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Queue}] ->
            [{Ref, Pid, none, {foreign, element(1, proc_lib:translate_initial_call(Pid))}, Place(Function), false, {[], []}, [], Queue}]
    end;
         ({Ref, Pid, Mark, two}) ->
    case process_info(Pid, [current_function, current_stacktrace, links, monitors, monitored_by, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Stack}, {_, Links}, {_, Monitors}, {_, MonitoredBy}, {_, Queue}] ->
            Where = Place(Function),
            {Kind, By, Open} = case InCowboy(Stack) of
                cowboy_websocket -> {websocket, {code, cowboy_websocket}, false};
                _ when Mark =:= removed -> {websocket, removed, false};
                sys -> {none, none, true};
                none -> {none, none, false};
                Http -> {http, {code, Http}, false}
            end,
            Running = case Kind of websocket -> {[], []}; _ -> Requests(Links) end,
            [{Ref, Pid, Kind, By, Where, Open orelse Where =:= asleep, Running, Joined(Pid, Monitors, MonitoredBy), Queue}]
    end
end,
Examine = fun(Entry) -> lists:flatmap(One, Behind(Entry)) end,

%% A websocket in a request of an HTTP/2 connection.
Stream = fun({Ref, Over, Pid}) -> case One({Ref, Pid, none, two}) of
    [{_, _, _, _, Where, Ask, _, Pairs, Queue}] -> [{Ref, Pid, websocket, {http2, Over}, Where, Ask, {[], []}, Pairs, Queue}];
    [] -> [] end
end,

AskKinds = fun(Pids, Until) -> lists:filtermap(fun
    ({Pid, {cowboy_websocket, State}}) -> {true, {Pid, {websocket, {status, cowboy_websocket}, State}}};
    ({Pid, {Module, State}}) when Module =:= cowboy_http; Module =:= cowboy_http2 -> {true, {Pid, {http, {status, Module}, State}}};
    ({Pid, {_, State}}) -> {true, {Pid, {none, none, State}}};
    (_) -> false end, Statuses(Pids, Until))
end,
`;
