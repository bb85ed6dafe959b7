/** The Erlang that finds the channels of websockets: processes that monitor a websocket and are monitored by it. */

/** Binds `Joined` and `LinkedTo`, which the examining scripts need. */
export const JOINED: string = `
%% {Channel, Websocket}: both directions, or a tracker that merely watches a websocket would count.
Joined = fun(_, [], _) -> [];
            (Socket, Monitors, MonitoredBy) ->
    [{Pid, Socket} || {process, Pid} <- lists:usort(Monitors), is_pid(Pid), node(Pid) =:= node(), lists:member(Pid, MonitoredBy)]
end,

%% Up to Phoenix 1.3 a channel is linked to its transport, and neither monitors the other.
LinkedTo = fun(Socket, Links) ->
    [{Pid, Socket} || Pid <- Links, is_pid(Pid), node(Pid) =:= node(),
                      proc_lib:translate_initial_call(Pid) =:= {'Elixir.Phoenix.Channel.Server', init, 1}]
end,
`;

/** Binds `Describe`: pairs to `{Pid, Websocket, Topic | none, Module}`. */
export const CHANNELS: string = `
%% Of a state of Phoenix's shape only topic and module are taken; the state itself is dropped here.
Shape = fun(Socket, #{topic := Topic, transport_pid := Pid, channel := Module})
               when Pid =:= Socket, is_binary(Topic), is_atom(Module) -> {Topic, Module};
           (Socket, #{topic := Topic, socket := #{transport_pid := Pid, view := Module}})
               when Pid =:= Socket, is_binary(Topic), is_atom(Module) -> {Topic, Module};
           (_, _) -> other
end,

%% Bigger processes are no channels, and copying their states would cost the node too much.
Small = fun({Pid, _}) -> case process_info(Pid, memory) of {_, Bytes} -> Bytes < 8000000; undefined -> false end end,

Ask = fun(Pairs, Until) ->
    Put = fun(Pair) -> {Pair, gen:send_request(element(1, Pair), system, get_state)} end,
    Take = fun({Pair, Request}, Last) -> {Pair, case gen:wait_response(Request, max(0, Last - Now())) of
        {reply, {ok, State}} -> Shape(element(2, Pair), State); {reply, State} -> Shape(element(2, Pair), State); timeout -> timeout; _ -> other end}
    end,
    Each = fun(Chunk) -> Asked = lists:map(Put, Chunk), Last = max(Until, Now() + 250), [Take(Pair, Last) || Pair <- Asked] end,
    InChunks(Each, lists:filter(Small, Pairs))
end,

%% Phoenix names the module by the initial call, up to 1.4 only itself. Any other class is known as channels when one member's state has the shape.
Classify = fun(Pair) -> case proc_lib:translate_initial_call(element(1, Pair)) of
    {Module, join, 3} -> {Pair, named, Module};
    {Module, mount, 3} -> {Pair, named, Module};
    {'Elixir.Phoenix.Channel.Server', init, 1} -> {Pair, named, 'Elixir.Phoenix.Channel.Server'};
    {proc_lib, init_p, 5} -> {Pair, none, none};
    {Module, _, _} when Module =:= supervisor; Module =:= supervisor2 -> {Pair, none, none};
    Class -> {Pair, other, Class} end
end,

Describe = fun(Pairs, Topics, Until) ->
    Classed = lists:map(Classify, Pairs),
    Named = [Pair || {Pair, named, _} <- Classed, Topics],
    Probes = case Topics of
        true -> [Pair || {Pair, other, _} <- Classed];
        false -> maps:values(maps:from_list([{Class, Pair} || {Pair, other, Class} <- Classed]))
    end,
    Answers = maps:from_list(Ask(Probes ++ Named, Until)),
    Classes = lists:usort([Class || {Pair, other, Class} <- Classed, is_tuple(maps:get(Pair, Answers, none))]),
    Tell = fun({{Pid, Socket}, Module}) -> case maps:get({Pid, Socket}, Answers, none) of
        {Topic, Own} when Topics -> {Pid, Socket, Topic, Own};
        {_, Own} -> {Pid, Socket, none, Own};
        _ -> {Pid, Socket, none, Module} end
    end,
    lists:map(Tell, [{Pair, Module} || {Pair, named, Module} <- Classed]
        ++ [{Pair, element(1, Class)} || {Pair, other, Class} <- Classed, lists:member(Class, Classes)])
end,
`;
