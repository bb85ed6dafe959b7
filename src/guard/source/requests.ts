/** The guardian's Erlang text, part 4: its requests, its messages, its loop and its start. */

/** Ends the text: registers the name, tells the controller, and loops. */
export const REQUESTS: string = `
%% A job on processes is over when none is left to answer.
Over = fun(S = #{job := #{kind := Kind, left := Left, failed := Failed, done := Done, reply := Reply}})
           when Left =:= #{}, (Kind =:= suspend orelse Kind =:= resume) ->
               Tell(Reply, {ok, Done, Failed}),
               Settle(S#{job := none});
          (S) -> S
end,

Drop = fun(S = #{pids := Pids}, Gone) ->
    lists:foreach(fun erlang:demonitor/1, maps:values(maps:with(Gone, Pids))),
    S#{pids := maps:without(Gone, Pids)}
end,

%% What did not take its suspend in time is sent a resume behind it, and never asked again.
Overdue = fun(S = #{late := Late, job := Job = #{kind := Kind, left := Left, failed := Failed}}) ->
    Silent = maps:keys(Left),
    Told = S#{job := Job#{left := #{}, failed := [{Pid, timeout} || Pid <- Silent] ++ Failed}},
    case Kind of
        resume -> Over(Told);
        suspend ->
            Ask(resume, Silent),
            Over(Add(late, length(Silent), Drop(Told#{late := maps:merge(Late, Left)}, Silent)))
    end
end,

%% Takes these processes off the list of the job; how many were on it.
Off = fun(#{job := Job = #{left := Left}}, Pids) ->
    Rest = maps:without(Pids, Left),
    {maps:size(Left) - maps:size(Rest), Job#{left := Rest}}
end,

Suspended = fun(S = #{job := #{kind := suspend, left := Left}}, Answers) ->
    Refused = [{Pid, refused} || {suspend, Pid, Answer} <- Answers, Answer =/= ok, maps:is_key(Pid, Left)],
    {Count, Job = #{done := Done, failed := Failed}} = Off(S, [Pid || {suspend, Pid, _} <- Answers]),
    Ok = Count - length(Refused),
    Dropped = Drop(S, [Pid || {Pid, _} <- Refused]),
    Over(Add(suspended, Ok, Dropped#{job := Job#{done := Done + Ok, failed := Refused ++ Failed}}));
               (S, _) -> S
end,

Resumed = fun(S = #{pids := Pids, job := Job}, Answers) ->
    Gone = [Pid || {resume, Pid, _} <- Answers],
    Rest = #{pids := Left} = Drop(S, Gone),
    Counted = Add(resumed, maps:size(Pids) - maps:size(Left), Rest),
    case Job of
        #{kind := resume, done := Done} ->
            {Count, Fewer} = Off(S, Gone),
            Over(Counted#{job := Fewer#{done := Done + Count}});
        _ -> Check(Settle(Counted))
    end
end,

%% Answers come by the thousand: they are taken out of the mailbox and counted in bulk, yet not without end.
Drain = fun Drain(Answers, 0) -> Answers;
            Drain(Answers, More) ->
    receive {{beamctl, What, Pid}, Answer} -> Drain([{What, Pid, Answer} | Answers], More - 1)
    after 0 -> Answers
    end
end,

Answered = fun(S, First) ->
    Answers = Drain([First], 1000),
    case lists:keymember(suspend, 1, Answers) of
        false -> Resumed(S, Answers);
        true ->
            Some = Suspended(S, Answers),
            case lists:keymember(resume, 1, Answers) of true -> Resumed(Some, Answers); false -> Some end
    end
end,

%% One that ended while it was held needs no resume.
Died = fun(S = #{pids := Pids, job := Job}, Pid) ->
    Gone = Add(died, 1, S#{pids := maps:remove(Pid, Pids)}),
    case Job of
        #{kind := suspend, left := #{Pid := _}, failed := Failed} ->
            {_, Fewer} = Off(S, [Pid]),
            Over(Gone#{job := Fewer#{failed := [{Pid, noproc} | Failed]}});
        #{kind := resume, left := #{Pid := _}} ->
            {_, Fewer} = Off(S, [Pid]),
            Over(Gone#{job := Fewer});
        _ -> Check(Settle(Gone))
    end
end,

Start = fun(S, Kind, Reply, Fields, Fun) ->
    S#{job := maps:merge(#{kind => Kind, reply => Reply}, Fields), worker := Work(Fun)}
end,

Remaining = fun(#{cap_at := infinity}) -> Cap + Lease;
               (#{cap_at := CapAt}) -> max(0, CapAt - Clock()) + Lease
end,

%% --- the requests of the controller ---

Request = fun(S = #{lease_at := LeaseAt, goal := Goal}, Reply, renew) ->
    Tell(Reply, {ok, LeaseAt - Clock()}),
    %% A lease that comes back while the release handler is still being asked has lost nothing.
    Kept = case Goal of {undo, lease, {none, _}} -> none; _ -> Goal end,
    S#{lease_at := Clock() + Lease, goal := Kept};
             (S, Reply, disarm) -> Want(S, asked, Reply);
             (S = #{job := Job, goal := Goal}, Reply, _) when Job =/= none; Goal =/= none -> Tell(Reply, {error, busy}), S;

             (S = #{phase := freeze, batch := none, pids := Held, late := Late}, Reply, {prepare, processes, Pids, Timeout}) ->
    Guard = self(),
    Start(S, prepare, Reply, #{holds => processes}, fun() ->
        {Fit, Refused} = InspectProcesses(lists:usort(Pids), [Guard, self()], Held, Late, Timeout),
        {Fit, Refused, Backstop(processes, Remaining(S), Fit)}
    end);
             (S = #{phase := freeze, batch := none, ops := Ops}, Reply, {prepare, acceptors, Acceptors, Timeout}) ->
    Start(S, prepare, Reply, #{holds => acceptors}, fun() ->
        {Fit, Refused} = InspectAcceptors(lists:usort(Acceptors), Ops, Timeout),
        {Fit, Refused, Backstop(acceptors, Remaining(S), Fit)}
    end);

             (S = #{phase := freeze, batch := {processes, Fit}, pids := Pids}, Reply, {commit, Timeout}) ->
    Monitors = lists:zipwith(fun erlang:monitor/2, lists:duplicate(length(Fit), process), Fit),
    Job = #{kind => suspend, reply => Reply, left => maps:from_list([{Pid, []} || Pid <- Fit]), done => 0, failed => [],
            until => Clock() + Timeout},
    Ask(suspend, Fit),
    Over(S#{pids := maps:merge(Pids, maps:from_list(lists:zip(Fit, Monitors))), batch := none, job := Job});
             (S = #{phase := freeze, batch := {acceptors, Fit}, ops := Ops}, Reply, {commit, _}) ->
    Start(S#{ops := Ops ++ Fit, batch := none}, hold, Reply, #{fit => length(Fit)}, fun() ->
        [{Op, failed} || Op = {Sup, Id} <- Fit, (try supervisor:terminate_child(Sup, Id) catch _:_ -> failed end) =/= ok]
    end);

             (S = #{phase := freeze, pids := Pids}, Reply, {resume, Which, Timeout}) ->
    Chosen = case Which of all -> Pids; _ -> maps:with(Which, Pids) end,
    Ask(resume, maps:keys(Chosen)),
    Over(S#{job := #{kind => resume, reply => Reply, left => Chosen, done => 0, failed => [], until => Clock() + Timeout}});
             (S = #{phase := freeze, ops := Ops}, Reply, release) ->
    Start(S, release, Reply, #{}, fun() -> RestartAll(Ops) end);

             %% What is held now moves on to a later cap; its new timers run before the old ones are cancelled.
             (S = #{phase := freeze, batch := none, pids := Pids, ops := Ops}, Reply, {install, Longest}) ->
    Later = S#{cap_at := Clock() + Longest + Cap},
    Start(Later#{phase := install}, rearm, Reply, #{}, fun() ->
        {[], [], Backstop(processes, Remaining(Later), maps:keys(Pids)) ++ Backstop(acceptors, Remaining(Later), Ops)}
    end);
             (S = #{phase := install}, Reply, freeze) -> Question(S#{goal := {freeze, none, Reply}});
             (S = #{phase := freeze}, Reply, freeze) -> Tell(Reply, {ok, []}), S;

             (S = #{pids := Pids}, Reply, look) ->
    Held = maps:keys(Pids),
    Start(S, look, Reply, #{}, fun() ->
        Seen = lists:zip(Held, lists:zipwith(fun erlang:process_info/2, Held, lists:duplicate(length(Held), current_function))),
        [Pid || {Pid, {_, {Module, Function, _}}} <- Seen,
            {Module, Function} =/= {sys, suspend_loop}, {Module, Function} =/= {erlang, hibernate}]
    end);
             (S, Reply, _) -> Tell(Reply, {error, refused}), S
end,

%% --- what a worker brought ---

Worked = fun(S = #{phase := undoing, tries := Tries}, Result) ->
    case Result of
        {done, Failed} ->
            Restarted = length(maps:get(ops, S)) - length(Failed),
            Check(Add(restarted, Restarted, S#{ops := Failed}));
        _ when Tries > 0 -> UndoAcceptors(S#{tries := Tries - 1}, none);
        _ -> Check(S)
    end;
            (S = #{job := #{kind := prepare, holds := Holds, reply := Reply}, timers := Timers, cap_at := CapAt}, {done, {Fit, Refused, Armed}}) ->
    Tell(Reply, {ok, Refused, [Timer || {_, Timer} <- Armed]}),
    S#{job := none, batch := {Holds, Fit}, timers := Timers ++ Armed, cap_at := min(CapAt, Clock() + Cap)};
            (S = #{job := #{kind := look, reply := Reply}}, {done, Running}) -> Tell(Reply, {ok, Running}), Settle(S#{job := none});
            (S = #{job := #{kind := hold, fit := Fit, reply := Reply}}, {done, Failed}) ->
    Tell(Reply, {ok, Fit - length(Failed), Failed}),
    Settle(Add(held, Fit - length(Failed), S#{job := none}));
            (S = #{job := #{kind := release, reply := Reply}, ops := Ops}, {done, Failed}) ->
    Tell(Reply, {ok, length(Ops) - length(Failed), [{Op, failed} || Op <- Failed]}),
    Settle(Add(restarted, length(Ops) - length(Failed), S#{job := none, ops := Failed}));
            (S = #{job := #{kind := rearm, reply := Reply}, timers := Timers}, {done, {_, _, Armed}}) ->
    Cancel(Timers),
    Tell(Reply, {ok, [Timer || {_, Timer} <- Armed]}),
    S#{job := none, timers := Armed};
            (S = #{job := #{reply := Reply}}, _) -> Tell(Reply, {error, failed}), S#{job := none};
            (S, _) -> S
end,

%% The release handler has answered, or is not there: no install runs.
Installed = fun(S = #{goal := {undo, Why, Reply}}) -> Undo(S, Why, Reply);
              (S = #{goal := {freeze, _, Reply}, pids := Pids, ops := Ops}) ->
    Frozen = S#{phase := freeze, goal := none, cap_at := Clock() + Cap},
    Start(Frozen, rearm, Reply, #{}, fun() ->
        {[], [], Backstop(processes, Remaining(Frozen), maps:keys(Pids)) ++ Backstop(acceptors, Remaining(Frozen), Ops)}
    end);
              (S) -> S
end,

Public = fun(S, Reply, status) -> Tell(Reply, {ok, Status(S)}), S;
            (S = #{phase := done, pids := Pids, ops := []}, Reply, bury) when Pids =:= #{} ->
    unregister(beamctl_guard),
    Tell(Reply, {ok, Status(S)}),
    stop;
            (S, Reply, bury) -> Tell(Reply, {error, {held, Status(S)}}), S;
            (S, Reply, _) -> Tell(Reply, {error, stale}), S
end,

Expired = fun(S = #{phase := done}) -> Settle(S), stop;
             (S = #{phase := undoing, pids := Pids, worker := none, orphan := none}) when Pids =/= #{} -> Finish(S);
             (S = #{phase := undoing}) -> S#{until := Clock() + 1000};
             (S = #{job := #{until := Until}, lease_at := LeaseAt, cap_at := CapAt}) when Until =< LeaseAt, Until =< CapAt -> Overdue(S);
             (S = #{lease_at := LeaseAt, cap_at := CapAt}) when LeaseAt =< CapAt -> Want(S, lease, {none, none});
             (S) -> Want(S, cap, {none, none})
end,

Handle = fun({{beamctl, What, Pid}, Answer}, S) -> Answered(S, {What, Pid, Answer});
            ({'DOWN', Monitor, process, _, _}, S = #{ctl := Monitor}) -> Want(S, controller, {none, none});
            ({'DOWN', Monitor, process, _, Result}, S = #{worker := {_, Monitor}}) -> Worked(S#{worker := none}, Result);
            ({'DOWN', Monitor, process, _, Result}, S = #{asker := {_, Monitor}}) ->
    case Result of
        {Ended, _} when Ended =:= done; Ended =:= failed -> Installed(S#{asker := none});
        _ -> Question(S#{asker := none})
    end;
            ({'DOWN', Monitor, process, _, Result}, S = #{orphan := {_, Monitor}}) ->
    case Result of {done, {_, _, Armed}} -> Cancel(Armed); _ -> ok end,
    Check(S#{orphan := none});
            ({'DOWN', Monitor, process, Pid, _}, S = #{pids := Pids}) ->
    case Pids of #{Pid := Monitor} -> Died(S, Pid); _ -> S end;
            ({beamctl, From, Epoch, Ref, What}, S = #{epoch := Ours, phase := Phase, why := Why}) when is_pid(From) ->
    if
        What =:= status; What =:= bury -> Public(S, {From, Ref}, What);
        is_integer(Epoch), Epoch > Ours, What =:= take -> Want(S#{epoch := Epoch}, taken, {From, Ref});
        From =/= Ctl; Epoch =/= Ours -> Public(S, {From, Ref}, stale);
        Phase =:= freeze; Phase =:= install; What =:= disarm -> Request(S, {From, Ref}, What);
        true -> Tell({From, Ref}, {error, {lost, Why}}), S
    end;
            ({'EXIT', _, normal}, S) -> S;
            ({'EXIT', _, _}, S) -> Want(S, exit, {none, none});
            (expired, S) -> Expired(S);
            (_, S) -> S
end,

Next = fun(#{phase := Phase, until := Until}) when Phase =:= done; Phase =:= undoing -> Until;
          (#{goal := {undo, _, _}}) -> infinity;
          (#{lease_at := LeaseAt, cap_at := CapAt, job := #{until := Until}}) -> lists:min([LeaseAt, CapAt, Until]);
          (#{lease_at := LeaseAt, cap_at := CapAt}) -> min(LeaseAt, CapAt)
end,

%% What waits in the mailbox comes before a deadline, since it may be the renewal; a flood of it must not put the deadline off.
Loop = fun Loop(S, Late) ->
    Wait = case Next(S) of infinity -> infinity; At -> max(0, At - Clock()) end,
    Message = if
        Wait =:= 0, Late > 1000 -> expired;
        true -> receive Any -> Any after Wait -> expired end
    end,
    case try Handle(Message, S) catch _:_ -> Add(errors, 1, S) end of
        stop -> ok;
        After -> Loop(After, case Wait of 0 when Message =/= expired -> Late + 1; _ -> 0 end)
    end
end,

%% The name is the lock. A tombstone with nothing left makes room, and hands over what it had to tell.
Take = fun Take(0, Told) -> {held, Told};
           Take(Tries, Told) ->
    case try register(beamctl_guard, self()) catch _:_ -> false end of
        true -> {ok, Told};
        false ->
            Ref = make_ref(),
            try beamctl_guard ! {beamctl, self(), 0, Ref, bury} catch _:_ -> gone end,
            receive
                {beamctl_guard, Ref, {ok, Last}} -> Take(Tries - 1, Last);
                {beamctl_guard, Ref, {error, {held, Holder}}} -> {held, Holder}
            after 1000 -> Take(Tries - 1, Told)
            end
    end
end,

case Take(3, none) of
    {held, Holder} -> Tell({Ctl, 0}, {held, Holder});
    {ok, Previous} ->
        %% Later guardians have higher epochs, so that a controller of an earlier one is refused.
        Epoch = erlang:system_time(millisecond),
        Monitor = erlang:monitor(process, Ctl),
        Tell({Ctl, 0}, {armed, self(), Epoch, Previous}),
        Loop(#{phase => freeze, why => none, ctl => Monitor, epoch => Epoch, lease_at => Clock() + Lease, cap_at => infinity,
               pids => #{}, late => #{}, ops => [], batch => none, job => none, worker => none, orphan => none, asker => none, goal => none,
               reply => {none, none}, timers => [], counts => #{}, since => Clock(), undone_at => none, until => infinity, tries => 0}, 0)
end
`;
