/** The Erlang that scripts share: asking many processes at once, so that one that hangs costs its time once. */

/**
 * Binds `Now`, `IsFrozen`, `IsSupervisor`, `TopsOf`, `Children`, `Counts`, `InChunks` and `Statuses`. Those that ask take pids and the time until which it waits,
 * and gives `{Pid, Answer}` in the same order: `timeout`, `gone`, or the answer. Of a status only module and
 * `running | suspended` are kept. Ask for children only those of this node that `IsSupervisor` takes for one.
 */
export const BATCH: string = `
Now = fun() -> erlang:monotonic_time(millisecond) end,

%% Suspended by the runtime, as by erlang:suspend_process/1; sys:suspend/1 does not show in it.
IsFrozen = fun(Pid) -> is_pid(Pid) andalso process_info(Pid, status) =:= {status, suspended} end,

%% By what it was started as: a child spec may call a connection a supervisor.
IsSupervisor = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of
    {supervisor, _, _} -> true; {supervisor_bridge, _, _} -> true; {supervisor2, _, _} -> true; {ranch_conns_sup, _, _} -> true;
    {mirrored_supervisor, _, _} -> true; {'Elixir.DynamicSupervisor', _, _} -> true; _ -> false end
end,

%% {App, Top supervisor} of those that have processes.
TopsOf = fun(Apps) -> [{App, Top} || App <- Apps, Master <- [application_controller:get_master(App)], is_pid(Master),
                                     {Top, _} <- [application_master:get_child(Master)], is_pid(Top)] end,

Children = fun(Sups, Until) ->
    Asked = [{Sup, gen_server:send_request(Sup, which_children)} || Sup <- Sups],
    [{Sup, case gen_server:wait_response(Request, max(0, Until - Now())) of
        {reply, Kids} when is_list(Kids) -> Kids; timeout -> timeout; _ -> gone
    end} || {Sup, Request} <- Asked]
end,

Counts = fun(Sups, Until) ->
    Asked = [{Sup, gen_server:send_request(Sup, count_children)} || Sup <- Sups],
    [{Sup, case gen_server:wait_response(Request, max(0, Until - Now())) of
        {reply, Count} when is_list(Count) -> Count; timeout -> timeout; _ -> gone
    end} || {Sup, Request} <- Asked]
end,

%% A hundred at a time: every answer holds the whole state of its process until it is read.
InChunks = fun InChunks(_, []) -> [];
               InChunks(Fun, List) ->
    {Chunk, Rest} = lists:split(min(100, length(List)), List),
    Fun(Chunk) ++ InChunks(Fun, Rest)
end,

Statuses = fun(Pids, Until) ->
    Put = fun(Pid) -> {Pid, gen:send_request(Pid, system, get_status)} end,
    Take = fun({Pid, Request}, Last) -> {Pid, case gen:wait_response(Request, max(0, Last - Now())) of
        {reply, {status, _, {module, Module}, [_, State | _]}} -> {Module, State}; timeout -> timeout; _ -> gone end}
    end,
    %% One that hangs must not take the time of the next hundred.
    Each = fun(Chunk) -> Asked = lists:map(Put, Chunk), Last = max(Until, Now() + 250), [Take(Pair, Last) || Pair <- Asked] end,
    InChunks(Each, Pids)
end,
`;
