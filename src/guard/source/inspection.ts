/** The guardian's Erlang text, part 2: which processes and acceptors it may touch, looked up in a worker. */

/** Binds `InspectProcesses` and `InspectAcceptors`: `{Fit, Refused}`. */
export const INSPECTION: string = `
%% Never suspended: supervisors (the release handler cannot walk past one), event managers, and what keeps the node alive.
Kinds = [supervisor, supervisor2, mirrored_supervisor, supervisor_bridge, 'Elixir.DynamicSupervisor', gen_event, ranch_conns_sup,
         ranch_server, application_controller, application_master, logger_server, group, user_drv],
Applications = [kernel, stdlib, sasl, ssl, crypto, public_key, compiler, runtime_tools, os_mon, logger, elixir, iex, mix],
Names = [init, erl_prim_loader, erts_code_purger, erl_signal_server, application_controller, logger, error_logger, code_server,
         kernel_sup, kernel_safe_sup, net_kernel, net_sup, rex, auth, erl_epmd, inet_db, user, file_server_2, global_name_server,
         global_group, standard_error, timer_server, release_handler, alarm_handler, socket_registry, beamctl_guard],
%% The runtime's own processes are known by what they began with; 'erlang' is where every fun begins.
Preloaded = erlang:pre_loaded() -- [erlang],

%% A pid of an earlier life of this node passes too, but nobody has it: process_info says undefined.
Local = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() end,

%% What decides about a process. Its dictionary is read for two keys alone; a process that is gone has no row.
Row = fun(undefined) -> gone;
         ([{_, Name}, {_, Leader}, {_, Current}, {_, {Began, _, _}}, {_, Dictionary}]) ->
    Parent = case lists:keyfind('$ancestors', 1, Dictionary) of {_, [Up | _]} -> Up; _ -> none end,
    Kind = case lists:keyfind('$initial_call', 1, Dictionary) of {_, {Module, _, _}} -> {otp, Module}; _ -> {plain, Began} end,
    {Name, Leader, Current, Kind, Parent}
end,

%% A process belongs to the application of its group leader. A plain process takes no system messages, yet it can be frozen.
Verdict = fun(_, gone, _) -> noproc;
             (How, {Name, _, Current, {Sort, Module}, _}, Pid) ->
    App = case application:get_application(Pid) of {ok, Found} -> Found; undefined -> none end,
    Denied = lists:member(Name, Names) orelse lists:member(App, Applications) orelse lists:member(Module, Kinds)
        orelse (Sort =:= plain andalso lists:member(Module, Preloaded)),
    case Current of
        _ when Denied -> denied;
        _ when Sort =:= plain, How =:= suspend -> not_otp;
        {sys, suspend_loop, _} -> already_suspended;
        {erlang, hibernate, _} when How =:= suspend -> asleep;
        _ -> fit
    end
end,

%% A hibernating process shows nothing from outside, so it is asked whether it is suspended; its state is dropped unread.
Wake = fun Wake([], _) -> [];
           Wake(Asleep, Until) ->
    {Now, Later} = lists:split(min(500, length(Asleep)), Asleep),
    [Pid ! {system, {self(), {beamctl_awake, Pid}}, get_status} || Pid <- Now],
    Answers = [{Pid,
        receive
            {{beamctl_awake, Pid}, {status, _, _, [_, running | _]}} -> fit;
            {{beamctl_awake, Pid}, {status, _, _, [_, suspended | _]}} -> already_suspended;
            {{beamctl_awake, Pid}, _} -> not_otp
        after max(0, Until - Clock()) -> timeout
        end} || Pid <- Now],
    Answers ++ Wake(Later, Until)
end,

IsSupervisor = fun(Sup) ->
    Pid = case is_atom(Sup) of true -> whereis(Sup); false -> Sup end,
    Local(Pid) andalso
        case process_info(Pid, dictionary) of
            {_, Dictionary} ->
                case lists:keyfind('$initial_call', 1, Dictionary) of {_, {supervisor, _, _}} -> true; _ -> false end;
            undefined -> false
        end
end,

Children = fun(Sup, Timeout) ->
    case IsSupervisor(Sup) of
        true -> try gen_server:call(Sup, which_children, Timeout) catch _:_ -> [] end;
        false -> []
    end
end,

%% A supervisor, or nobody: what it declares its children to be decides too. A plain process shows its own by a link.
Linked = fun(Pids) ->
    Links = [Found || {links, Found} <- lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(length(Pids), links))],
    [Pid || Pid <- lists:usort(lists:append(Links)), is_pid(Pid)]
end,

%% Many processes have equal rows, so the evaluator judges few; what is done to all of them is done by compiled functions.
%% The release handler asks a child whose modules are dynamic which ones it has: such a child must be able to answer.
InspectProcesses = fun(How, Asked, Own, Held, Late, Timeout) ->
    Reason = fun(Pid) ->
        case {Local(Pid) andalso not lists:member(Pid, Own), Held, Late} of
            {true, #{Pid := _}, _} -> already_held;
            {true, _, #{Pid := _}} -> timeout;
            {true, _, _} -> fit;
            _ -> denied
        end
    end,
    {Ours, Others} = lists:partition(fun({_, What}) -> What =:= fit end, [{Pid, Reason(Pid)} || Pid <- Asked]),
    {Pids, _} = lists:unzip(Ours),
    Items = [registered_name, group_leader, current_function, initial_call, dictionary],
    Rows = [Row(Info) || Info <- lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(length(Pids), Items))],
    Verdicts = maps:map(fun(Of, Pid) -> Verdict(How, Of, Pid) end, maps:from_list(lists:zip(Rows, Pids))),
    Found = lists:zip(Pids, lists:zipwith(fun maps:get/2, Rows, lists:duplicate(length(Rows), Verdicts))),
    Plain = [Pid || How =:= freeze, {{_, _, _, {plain, _}, _}, Pid} <- lists:zip(Rows, Pids)],
    Parents = lists:usort([Parent || {{_, _, _, _, Parent}, What} <- maps:to_list(Verdicts), What =:= fit orelse What =:= asleep]
        ++ Linked(Plain)),
    Dynamic = maps:from_list([{Pid, case Type of supervisor -> denied; worker -> dynamic end} ||
        Parent <- Parents, {_, Pid, Type, Modules} <- Children(Parent, 2000), Type =:= supervisor orelse Modules =:= dynamic]),
    Awake = maps:from_list(Wake([Pid || {Pid, asleep} <- Found, not maps:is_key(Pid, Dynamic)], Clock() + Timeout)),
    Special = maps:merge(maps:with([Pid || {Pid, fit} <- Found], Dynamic), Awake),
    Asleep = maps:with([Pid || {Pid, asleep} <- Found], Dynamic),
    Judged = maps:merge(maps:from_list(Found), maps:merge(Special, Asleep)),
    {[Pid || {Pid, fit} <- maps:to_list(Judged)],
     Others ++ [Refusal || Refusal = {_, Why} <- maps:to_list(Judged), Why =/= fit]}
end,

%% Each once, in the order given: an order is a promise about what needs what.
Unique = fun(List) ->
    lists:reverse(lists:foldl(fun(Item, Seen) -> case lists:member(Item, Seen) of true -> Seen; false -> [Item | Seen] end end, [], List))
end,

%% Only a worker that runs now and comes back by restart_child may be held; a temporary one would be forgotten. A supervisor takes
%% what is under it along, so the only one is Ranch's of acceptors, which makes them anew; not while one of its children is held by itself.
InspectAcceptors = fun(Acceptors, Held, Timeout) ->
    Supervisors = lists:usort([Sup || {Sup, _} <- Acceptors]),
    Seen = maps:from_list([{Sup,
        case {IsSupervisor(Sup), try application:get_application(Sup) catch _:_ -> undefined end} of
            {false, _} -> denied;
            {true, {ok, App}} ->
                case lists:member(App, Applications) of true -> denied; false -> Children(Sup, Timeout) end;
            {true, _} -> Children(Sup, Timeout)
        end} || Sup <- Supervisors]),
    Judge = fun(_, _, supervisor, Modules, Id) when Id =/= ranch_acceptors_sup; Modules =/= [ranch_acceptors_sup] -> denied;
               (_, undefined, _, _, _) -> already_held;
               (_, restarting, _, _, _) -> restarting;
               (Sup, Pid, Type, _, Id) ->
        Above = lists:keymember(Pid, 1, Acceptors) orelse lists:keymember(Pid, 1, Held),
        case try supervisor:get_childspec(Sup, Id) catch _:_ -> gone end of
            _ when Above -> denied;
            {ok, #{restart := temporary}} -> temporary;
            {ok, #{start := {ranch_acceptors_sup, _, _}}} when Type =:= supervisor -> fit;
            {ok, _} when Type =:= worker -> fit;
            {ok, _} -> denied;
            _ -> noproc
        end
    end,
    Judged = [{Acceptor, case {lists:member(Acceptor, Held), maps:get(Sup, Seen)} of
        {true, _} -> already_held;
        {_, denied} -> denied;
        {_, Known} ->
            case lists:keyfind(Id, 1, Known) of
                {_, Pid, Type, Modules} -> Judge(Sup, Pid, Type, Modules, Id);
                false -> noproc
            end
    end} || Acceptor = {Sup, Id} <- Acceptors],
    {[Acceptor || {Acceptor, fit} <- Judged], [Refusal || Refusal = {_, Reason} <- Judged, Reason =/= fit]}
end,
`;
