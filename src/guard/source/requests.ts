/** The guardian's Erlang text, part 5: the requests of its controller. */

/** Binds `Deadline`, `Remaining`, `Request`. */
export const REQUESTS: string = `
%% When what is held from now on must be given back; in an install the cap counts from the longest that it may take.
Deadline = fun(#{phase := install, longest_at := LongestAt, cap_at := CapAt}) -> min(CapAt, max(Clock(), LongestAt) + Cap);
              (#{cap_at := CapAt}) -> min(CapAt, Clock() + Cap)
end,

%% The backstop fires one lease after the cap.
Remaining = fun(S) -> max(0, Deadline(S) - Clock()) + Lease end,

%% The backstop of all that is held, for the deadline of this state.
Rearm = fun(S = #{pids := Pids, frozen := Cold, ops := Ops}) ->
    After = Remaining(S),
    Backstop(processes, After, maps:keys(Pids)) ++ Backstop(frozen, After, maps:keys(Cold)) ++ Backstop(acceptors, After, Ops)
end,

Prepare = fun(S = #{pids := Pids, frozen := Cold, late := Late, ops := Ops}, Reply, Holds, Asked, Timeout) ->
    Start(S, prepare, Reply, #{holds => Holds}, fun() ->
        {Fit, Refused} = case Holds of
            processes -> InspectProcesses(suspend, lists:usort(Asked), [Me, self()], maps:merge(Pids, Cold), Late, Timeout);
            frozen -> InspectProcesses(freeze, lists:usort(Asked), [Me, self()], maps:merge(Pids, Cold), Late, Timeout);
            acceptors -> InspectAcceptors(Unique(Asked), Ops, Timeout)
        end,
        %% One timer for all acceptors: those of several could not keep their order.
        Due = case Holds of acceptors when Fit =/= [] -> Ops ++ Fit; _ -> Fit end,
        {Fit, Refused, Backstop(Holds, Remaining(S), Due)}
    end)
end,

Monitored = fun(Pids) ->
    maps:from_list(lists:zip(Pids, lists:zipwith(fun erlang:monitor/2, lists:duplicate(length(Pids), process), Pids)))
end,

Commit = fun(S = #{pids := Pids, batch := {processes, Fit}}, Reply, Timeout) ->
    Job = #{kind => suspend, reply => Reply, left => maps:from_list([{Pid, []} || Pid <- Fit]), done => 0, failed => [],
            until => Clock() + Timeout},
    Ask(suspend, Fit),
    Over(S#{pids := maps:merge(Pids, Monitored(Fit)), batch := none, newest := Fit, job := Job});
            %% Asked of the runtime by this process itself, for the suspension is the asker's; asynchronous, for a process that stays long in
            %% a BIF would make us wait; unless_suspending, so that one resume ends it.
            (S = #{frozen := Cold, batch := {frozen, Fit}}, Reply, Timeout) ->
    Known = S#{frozen := maps:merge(Cold, Monitored(Fit)), batch := none, newest := Fit},
    Asked = [{Pid, try erlang:suspend_process(Pid, [{asynchronous, {beamctl, freeze, Pid}}, unless_suspending]) catch _:_ -> failed end}
        || Pid <- Fit],
    Failed = [Pid || {Pid, failed} <- Asked],
    Job = #{kind => freeze, reply => Reply, left => maps:from_list([{Pid, []} || {Pid, Sent} <- Asked, Sent =/= failed]), done => 0,
            failed => [{Pid, refused} || Pid <- Failed], until => Clock() + Timeout},
    Over((Drop(Known, Failed))#{job := Job});
            (S = #{ops := Ops, batch := {acceptors, Fit}}, Reply, _) ->
    Start(S#{ops := Ops ++ Fit, batch := none}, hold, Reply, #{fit => length(Fit)}, fun() ->
        [{Op, failed} || Op = {Sup, Id} <- Fit, (try supervisor:terminate_child(Sup, Id) catch _:_ -> failed end) =/= ok]
    end)
end,

%% A resume without an end that leaves no process held but those it asked does what the undo would do: the cap waits for it.
Resume = fun(S = #{pids := Pids, frozen := Cold}, Reply, Which, Timeout) ->
    {Chosen, Thawing} = case Which of
        all -> {Pids, maps:keys(Cold)};
        _ -> {maps:with(Which, Pids), maps:keys(maps:with(Which, Cold))}
    end,
    Thawed = #{frozen := Rest} = Add(resumed, length(Thawing), Thaw(S, Thawing)),
    Ask(resume, maps:keys(Chosen)),
    Until = case Timeout of infinity -> infinity; _ -> Clock() + Timeout end,
    Uncapped = Until =:= infinity andalso Rest =:= #{} andalso maps:size(Chosen) =:= maps:size(Pids),
    Over(Settle(Thawed#{job := #{kind => resume, reply => Reply, left => Chosen, done => length(Thawing), failed => [], until => Until,
                                 uncapped => Uncapped}}))
end,

Step = fun(S = #{batch := none}, Reply, {prepare, Holds, Asked, Timeout}) -> Prepare(S, Reply, Holds, Asked, Timeout);
          (S = #{batch := {_, _}}, Reply, {commit, Timeout}) -> Commit(S, Reply, Timeout);
          (S, Reply, {resume, Which, Timeout}) -> Resume(S, Reply, Which, Timeout);
          (S = #{ops := Ops}, Reply, release) -> Start(S, release, Reply, #{}, fun() -> RestartAll(Ops) end);
          (S, Reply, _) -> Tell(Reply, {error, refused}), S
end,

Request = fun(S = #{lease_at := LeaseAt, goal := Goal}, Reply, renew) ->
    Tell(Reply, {ok, LeaseAt - Clock()}),
    %% A lease that comes back while the release handler is still being asked has lost nothing.
    Kept = case Goal of {undo, lease, {none, _}} -> none; _ -> Goal end,
    S#{lease_at := Clock() + Lease, goal := Kept};
             (S, Reply, disarm) -> Want(S, asked, Reply);

             %% Only looks, beside us, so it is taken at any time. All that runs per process is compiled.
             (S = #{pids := Pids, frozen := Cold}, Reply, queues) ->
    spawn(fun() ->
        process_flag(sensitive, true),
        All = maps:keys(Pids) ++ maps:keys(Cold),
        Of = fun(Item) ->
            proplists:get_all_values(Item, lists:zipwith(fun erlang:process_info/2, All, lists:duplicate(length(All), Item)))
        end,
        Lengths = Of(message_queue_len),
        OnHeap = length(Lengths) - length(Of(message_queue_data) -- lists:duplicate(length(Lengths), on_heap)),
        Tell(Reply, {ok, length(Lengths), lists:max([0 | Lengths]), lists:sum(Lengths), lists:sum(Of(memory)), OnHeap})
    end),
    S;
             (S = #{job := Job, goal := Goal}, Reply, _) when Job =/= none; Goal =/= none -> Tell(Reply, {error, busy}), S;
             %% Behind the release handler's back nobody holds or resumes anything; a step for which it waits itself says so.
             (S = #{phase := install}, Reply, {installing, What}) -> Step(S, Reply, What);

             %% What is held now moves on to a later cap; its new timers run before the old ones are cancelled.
             (S = #{phase := freeze, batch := none}, Reply, {install, Longest}) ->
    LongestAt = Clock() + Longest,
    Later = S#{phase := install, longest_at := LongestAt, cap_at := LongestAt + Cap},
    Start(Later, rearm, Reply, #{}, fun() -> Rearm(Later) end);
             (S = #{phase := install, batch := none}, Reply, freeze) -> Question(S#{goal := {freeze, none, Reply}});
             (S = #{phase := freeze}, Reply, freeze) -> Tell(Reply, {ok, []}), S;

             %% Of the last step alone: a relup may have resumed what an earlier one suspended.
             (S = #{pids := Pids, frozen := Cold, newest := Newest}, Reply, look) ->
    Held = maps:keys(maps:with(Newest, Pids)),
    Stiff = maps:keys(maps:with(Newest, Cold)),
    Start(S, look, Reply, #{}, fun() ->
        Info = fun(Of, Item) -> lists:zip(Of, lists:zipwith(fun erlang:process_info/2, Of, lists:duplicate(length(Of), Item))) end,
        [Pid || {Pid, {_, {Module, Function, _}}} <- Info(Held, current_function),
            {Module, Function} =/= {sys, suspend_loop}, {Module, Function} =/= {erlang, hibernate}] ++
        [Pid || {Pid, {_, What}} <- Info(Stiff, status), What =/= suspended]
    end);
             (S = #{phase := freeze}, Reply, What) -> Step(S, Reply, What);
             (S, Reply, _) -> Tell(Reply, {error, refused}), S
end,
`;
