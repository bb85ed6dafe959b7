/** The guardian's Erlang text, part 6: its messages, its loop and its start. */

/** Ends the text: registers the name, tells the controller, and loops. */
export const LOOP: string = `
Worked = fun(S = #{phase := undoing, tries := Tries}, Result) ->
    case Result of
        {done, {Restarted, Gone, Failed}} -> Check(Add(restarted, Restarted, Add(gone, Gone, S#{ops := Failed})));
        _ when Tries > 0 -> UndoAcceptors(S#{tries := Tries - 1}, none);
        _ -> Check(S)
    end;
            (S = #{job := #{kind := prepare, holds := Holds, reply := Reply}, timers := Timers}, {done, {Fit, Refused, Armed}}) ->
    Tell(Reply, {ok, Refused, [Timer || {_, Timer} <- Armed]}),
    {Replaced, Kept} = lists:partition(fun({Kind, _}) -> Kind =:= acceptors andalso Holds =:= acceptors andalso Armed =/= [] end, Timers),
    Cancel(Replaced),
    S#{job := none, batch := {Holds, Fit}, timers := Kept ++ Armed, cap_at := Deadline(S)};
            (S = #{job := #{kind := look, reply := Reply}}, {done, Running}) -> Tell(Reply, {ok, Running}), Settle(S#{job := none});
            (S = #{job := #{kind := hold, fit := Fit, reply := Reply}}, {done, Failed}) ->
    Tell(Reply, {ok, Fit - length(Failed), Failed}),
    Settle(Add(held, Fit - length(Failed), S#{job := none}));
            (S = #{job := #{kind := release, reply := Reply}}, {done, {Restarted, Gone, Failed}}) ->
    Tell(Reply, {ok, Restarted, [{Op, failed} || Op <- Failed], Gone}),
    Settle(Add(restarted, Restarted, Add(gone, Gone, S#{job := none, ops := Failed})));
            (S = #{job := #{kind := rearm, reply := Reply}, timers := Timers}, {done, Armed}) ->
    Cancel(Timers),
    Tell(Reply, {ok, [Timer || {_, Timer} <- Armed]}),
    Settle(S#{job := none, timers := Armed});
            (S = #{job := #{reply := Reply}}, _) -> Tell(Reply, {error, failed}), S#{job := none};
            (S, _) -> S
end,

%% The release handler has answered, or is not there: no install runs.
Installed = fun(S = #{goal := {undo, Why, Reply}}) -> Undo(S, Why, Reply);
              (S = #{goal := {freeze, _, Reply}}) ->
    Held = S#{phase := freeze, goal := none, cap_at := Clock() + Cap},
    Start(Held, rearm, Reply, #{}, fun() -> Rearm(Held) end);
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

%% The cap does not end a resume that gives back all by itself.
CapOf = fun(#{job := #{uncapped := true}}) -> infinity;
           (#{cap_at := CapAt}) -> CapAt
end,

Expired = fun(S = #{phase := done}) -> Settle(S), stop;
             (S = #{phase := undoing, pids := Pids, worker := none, orphan := none}) when Pids =/= #{} -> Finish(S);
             (S = #{phase := undoing}) -> S#{until := Clock() + 1000};
             (S = #{lease_at := LeaseAt, job := Job}) ->
    CapAt = CapOf(S),
    case Job of
        #{until := Until} when Until =< LeaseAt, Until =< CapAt -> Overdue(S);
        _ when LeaseAt =< CapAt -> Want(S, lease, {none, none});
        _ -> Want(S, cap, {none, none})
    end
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
    case Result of {done, {_, _, Armed}} -> Cancel(Armed); {done, Armed} when is_list(Armed) -> Cancel(Armed); _ -> ok end,
    Check(S#{orphan := none});
            ({'DOWN', Monitor, process, Pid, _}, S = #{pids := Pids, frozen := Cold}) ->
    case {Pids, Cold} of
        {#{Pid := Monitor}, _} -> Died(S, Pid);
        {_, #{Pid := Monitor}} -> Died(S, Pid);
        _ -> S
    end;
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
          (S = #{lease_at := LeaseAt, job := #{until := Until}}) -> lists:min([LeaseAt, CapOf(S), Until]);
          (S = #{lease_at := LeaseAt}) -> min(LeaseAt, CapOf(S))
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
        Loop(#{phase => freeze, why => none, ctl => Monitor, epoch => Epoch, lease_at => Clock() + Lease, cap_at => infinity, longest_at => none,
               pids => #{}, frozen => #{}, newest => [], late => #{}, ops => [], batch => none, job => none, worker => none, orphan => none, asker => none, goal => none,
               reply => {none, none}, timers => [], counts => #{}, since => Clock(), undone_at => none, until => infinity, tries => 0}, 0)
end
`;
