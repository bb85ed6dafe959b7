/** The Erlang that tells what Cowboy 2's connection processes do, without a message to one that shows it by itself. */

/** Binds `Connections`, `Look`, `Place` and `Requests`. */
export const COWBOY: string = `
IsConnection = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of
    {cowboy_clear, connection_process, _} -> true; {cowboy_tls, connection_process, _} -> true; _ -> false end
end,

Parent = fun(Pid) -> case process_info(Pid, dictionary) of
    {_, Dictionary} -> case lists:keyfind('$ancestors', 1, Dictionary) of {_, [Up | _]} -> Up; _ -> none end;
    undefined -> none end
end,

%% Below a supervisor that stands for a connection: found by links, so that nobody is asked. A question ends some connections.
Below = fun Below(_, 0) -> [];
            Below(Sup, Depth) ->
    Linked = case process_info(Sup, links) of {_, Links} -> [Pid || Pid <- Links, is_pid(Pid), node(Pid) =:= node()]; _ -> [] end,
    Kids = [Pid || Pid <- Linked, Parent(Pid) =:= Sup],
    case [Pid || Pid <- Kids, IsConnection(Pid)] of
        [] -> lists:append([Below(Pid, Depth - 1) || Pid <- Kids]);
        Found -> Found
    end
end,

%% {Pid, Mark}: what Ranch noted of it, none below a supervisor, foreign for another protocol's.
Connections = fun(Pid, Mark) ->
    case IsConnection(Pid) of
        true -> [{Pid, Mark}];
        false -> case Below(Pid, 3) of [] -> [{Pid, foreign}]; Pids -> [{Found, none} || Found <- Pids] end
    end
end,

Look = fun(Pid) -> process_info(Pid, [current_function, current_stacktrace, links, monitors, monitored_by, message_queue_len]) end,

%% suspended | asleep | runs: a process that hibernates shows no stack.
Place = fun({_, {sys, suspend_loop, _}}) -> suspended; ({_, {erlang, hibernate, _}}) -> asleep; (_) -> runs end,

%% The innermost module of Cowboy on the stack. What a websocket was before is still below it, so nothing under sys tells anything.
InCowboy = fun({_, Stack}) ->
    case [Module || Frame <- Stack, Module <- [element(1, Frame)],
                    lists:member(Module, [cowboy_websocket, cowboy_http, cowboy_http2, sys])] of
        [Module | _] -> Module; [] -> none end
end,

%% A request runs in a process of its own, linked to the connection. A websocket over HTTP/2 does too.
Requests = fun({_, Links}) ->
    Running = [Pid || Pid <- Links, is_pid(Pid), node(Pid) =:= node(),
                      case proc_lib:translate_initial_call(Pid) of {cowboy_stream_h, request_process, _} -> true; _ -> false end],
    lists:partition(fun(Pid) -> case process_info(Pid, current_stacktrace) of
        undefined -> false; Stack -> InCowboy(Stack) =:= cowboy_websocket end end, Running)
end,
`;
