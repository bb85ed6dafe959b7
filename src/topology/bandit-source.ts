/** The Erlang that tells what Bandit's connection processes do: one kind of process for idle, busy and websocket. */

/**
 * Binds what `examineScript` asks for, for entries `{Ref, Pid}`. What runs shows itself on its stack and is sent nothing. What waits in the loop
 * of `gen_server` looks alike: a status is asked for, and of the state in it only the atom of its handler is taken.
 */
export const BANDIT: string = `
%% What the innermost frame of Bandit means. Nothing under sys tells anything.
InBandit = fun InBandit([]) -> none;
               InBandit([Frame | Rest]) ->
    case {element(1, Frame), element(2, Frame)} of
        {'Elixir.Bandit.WebSocket.Handler', _} -> websocket;
        {'Elixir.Bandit.WebSocket.Connection', _} -> websocket;
        {'Elixir.Bandit.HTTPTransport.Bandit.HTTP1.Socket', 'do_read_request_line!'} -> head;
        {'Elixir.Bandit.HTTPTransport.Bandit.HTTP1.Socket', 'do_read_headers!'} -> head;
        {'Elixir.Bandit.HTTP1.Adapter', read_request_line} -> head;
        {'Elixir.Bandit.HTTP1.Adapter', do_read_headers} -> head;
        {'Elixir.Bandit.Pipeline', _} -> request;
        {'Elixir.Bandit.HTTP1.Handler', _} -> request;
        {'Elixir.Bandit.HTTP2.Handler', _} -> http2;
        {'Elixir.Bandit.HTTP2.Connection', _} -> http2;
        {'Elixir.Bandit.InitialHandler', _} -> first;
        {'Elixir.ThousandIsland.Socket', handshake} -> handshake;
        {sys, _} -> none;
        _ -> InBandit(Rest)
    end
end,

%% A stack is given down to a depth of eight by default, and a request in a framework is deeper. The whole one exists only as text, which stays here.
Marks = [{<<"('Elixir.Bandit.Pipeline':'call_plug!'/">>, request}, {<<"('Elixir.Bandit.Pipeline':call_plug/">>, request},
         {<<"('Elixir.Bandit.WebSocket.Handler':">>, websocket}, {<<"('Elixir.Bandit.HTTP2.Handler':">>, http2}],
Deep = fun(Pid) ->
    case process_info(Pid, memory) of
        {_, Bytes} when Bytes < 32000000 -> case process_info(Pid, backtrace) of
            {_, Text} -> case [What || {Mark, What} <- Marks, binary:match(Text, Mark) =/= nomatch] of
                [What] -> What;
                _ -> case process_info(Pid, current_function) of {_, {gen_server, loop, _}} -> none; undefined -> none; _ -> deep end end;
            undefined -> none end;
        {_, _} -> deep;
        undefined -> none
    end
end,
Doing = fun(_, []) -> none;
          (_, [{gen_server, loop, _, _} | _]) -> none;
          (Pid, Stack) -> case {InBandit(Stack), element(1, hd(Stack)), element(1, lists:last(Stack))} of
              {none, Top, Bottom} when Top =/= sys, Bottom =/= proc_lib -> Deep(Pid);
              {Found, _, _} -> Found end
end,

IsStream = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() andalso case proc_lib:translate_initial_call(Pid) of
    {'Elixir.Bandit.HTTP2.StreamProcess', init, 1} -> true; {'Elixir.Bandit.HTTP2.StreamTask', run, _} -> true; _ -> false end
end,
IsChannel = fun({Pid, _}) -> case proc_lib:translate_initial_call(Pid) of {_, join, 3} -> true; {_, mount, 3} -> true; _ -> false end end,

Ours = fun(Ref, Pid) ->
    case process_info(Pid, [current_function, current_stacktrace, links, monitors, monitored_by, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Stack}, {_, Links}, {_, Monitors}, {_, MonitoredBy}, {_, Queue}] ->
            Where = Place(Function),
            Streams = lists:filter(IsStream, Links),
            Joins = lists:filter(IsChannel, Joined(Pid, Monitors, MonitoredBy)),
            {Kind, By, Running} = case Doing(Pid, Stack) of
                request -> {http, {code, 'Elixir.Bandit.Pipeline'}, [Pid]};
                websocket -> {websocket, {code, 'Elixir.Bandit.WebSocket.Handler'}, []};
                http2 -> {http, {code, 'Elixir.Bandit.HTTP2.Handler'}, Streams};
                deep -> {none, deep, []};
                none when Streams =/= [] -> {http, streams, Streams};
                none when Joins =/= [] -> {websocket, channels, []};
                none -> {none, none, []};
                Waits -> {http, Waits, []}
            end,
            [{Ref, Pid, Kind, By, Where, By =:= none orelse Where =:= asleep, {[], Running},
              case Kind of websocket -> Joins; _ -> [] end, Queue}]
    end
end,
Foreigner = fun(Ref, Pid, Module) ->
    case process_info(Pid, [current_function, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Queue}] -> [{Ref, Pid, none, {foreign, Module}, Place(Function), false, {[], []}, [], Queue}]
    end
end,
Examine = fun({Ref, Pid}) -> case proc_lib:translate_initial_call(Pid) of
    {'Elixir.Bandit.DelegatingHandler', init, 1} -> Ours(Ref, Pid);
    {Module, _, _} -> Foreigner(Ref, Pid, Module) end
end,
Stream = fun(_) -> [] end,

Meant = fun('Elixir.Bandit.WebSocket.Handler' = Module) -> {websocket, {status, Module}};
          (Module) when Module =:= 'Elixir.Bandit.HTTP1.Handler'; Module =:= 'Elixir.Bandit.HTTP2.Handler';
                        Module =:= 'Elixir.Bandit.InitialHandler' -> {http, {status, Module}};
          (Module) when is_atom(Module) -> {none, {foreign, Module}};
          (_) -> {none, deep}
end,
Handled = fun(Misc) when is_list(Misc) ->
        case [Module || {data, Data} <- Misc, is_list(Data), {"State", {_, #{handler_module := Module}}} <- Data] of [Module | _] -> Module; [] -> [] end;
    (_) -> []
end,
%% All of a batch at once: one that does not answer costs the others no time. A bigger process would cost the node too much.
AskKinds = fun(Pids, Until) ->
    Put = fun(Pid) -> case process_info(Pid, memory) of
        {_, Bytes} when Bytes < 8000000 -> {Pid, gen:send_request(Pid, system, get_status)};
        {_, _} -> {Pid, big};
        undefined -> {Pid, gone} end
    end,
    Take = fun({Pid, big}) -> [{Pid, {none, big, running}}];
              ({_, gone}) -> [];
              ({Pid, Request}) -> case gen:wait_response(Request, max(0, Until - Now())) of
        {reply, {status, _, _, [_, State, _, _, Misc]}} -> {Kind, By} = Meant(Handled(Misc)), [{Pid, {Kind, By, State}}];
        timeout -> [{Pid, {none, silent, running}}];
        _ -> [] end
    end,
    lists:flatmap(Take, lists:map(Put, Pids))
end,
`;
