/** The Erlang that finds the channels of websockets: processes that monitor a websocket and are monitored by it. */

/** Binds `Joined` and `Describe`. */
export const CHANNELS: string = `
%% {Channel, Websocket}: both directions, or a tracker that merely watches a websocket would count.
Joined = fun(Socket, {_, Monitors}, {_, MonitoredBy}) ->
    [{Pid, Socket} || {process, Pid} <- lists:usort(Monitors), is_pid(Pid), node(Pid) =:= node(), lists:member(Pid, MonitoredBy)]
end,

%% Of a state of Phoenix's shape only topic and module are taken; the state itself is dropped here.
Shape = fun(Socket, #{topic := Topic, transport_pid := Pid, channel := Module})
               when Pid =:= Socket, is_binary(Topic), is_atom(Module) -> {Topic, Module};
           (Socket, #{topic := Topic, socket := #{transport_pid := Pid, view := Module}})
               when Pid =:= Socket, is_binary(Topic), is_atom(Module) -> {Topic, Module};
           (_, _) -> other
end,

%% Bigger processes are no channels, and copying their states would cost the node too much.
Small = fun(Pid) -> case process_info(Pid, memory) of {_, Bytes} -> Bytes < 8000000; undefined -> false end end,

Ask = fun(Pairs, Until) ->
    InChunks(fun(Chunk) ->
        Asked = [{Pid, Socket, gen:send_request(Pid, system, get_state)} || {Pid, Socket} <- Chunk],
        [{{Pid, Socket}, case gen:wait_response(Request, max(0, Until - Now())) of
            {reply, State} -> Shape(Socket, State); timeout -> timeout; _ -> other
        end} || {Pid, Socket, Request} <- Asked]
    end, [Pair || Pair = {Pid, _} <- Pairs, Small(Pid)])
end,

%% Phoenix names the module by the initial call. Any other class is known as channels when one member's state has the shape.
Describe = fun(Pairs, Topics, Until) ->
    Classed = [{Pair, proc_lib:translate_initial_call(Pid)} || Pair = {Pid, _} <- Pairs],
    Named = [{Pair, Module} || {Pair, {Module, Fun, 3}} <- Classed, Fun =:= join orelse Fun =:= mount],
    Other = [{Pair, Class} || {Pair, Class = {Module, Fun, Arity}} <- Classed, Module =/= supervisor, Module =/= supervisor2,
                              {Module, Fun, Arity} =/= {proc_lib, init_p, 5},
                              not (Arity =:= 3 andalso (Fun =:= join orelse Fun =:= mount))],
    Probes = case Topics of
        true -> [Pair || {Pair, _} <- Other];
        false -> maps:values(maps:from_list([{Class, Pair} || {Pair, Class} <- Other]))
    end,
    Answers = maps:from_list(Ask(Probes ++ [Pair || {Pair, _} <- Named, Topics], Until)),
    Classes = [Class || {Pair, Class} <- Other, case maps:get(Pair, Answers, none) of {_, _} -> true; _ -> false end],
    Known = Named ++ [{Pair, element(1, Class)} || {Pair, Class} <- Other, lists:member(Class, Classes)],
    [case maps:get(Pair, Answers, none) of
        {Topic, Own} when Topics -> {Pid, Socket, Topic, Own};
        {_, Own} -> {Pid, Socket, none, Own};
        _ -> {Pid, Socket, none, Module}
    end || {Pair = {Pid, Socket}, Module} <- Known]
end,
`;
