/** The guardian's Erlang text, part 1: what it tells, how it works without blocking, and its backstop. */

/** Binds `Clock`, `Tell`, `Work`, `Ask`, `Add`, `Status`, `Backstop`, `Cancel`, `Settle`. */
export const BASICS: string = `
%% Bindings given: Ctl, the controller's pid; About, a map that names it; Lease, Cap and Grace in milliseconds.
group_leader(case whereis(user) of undefined -> whereis(init); User -> User end, self()),
process_flag(trap_exit, true),
process_flag(priority, high),
process_flag(sensitive, true),

Clock = fun() -> erlang:monotonic_time(millisecond) end,

%% An answer never connects to a node that is gone, and never waits for a busy link.
Tell = fun({none, _}, _) -> ok;
          ({To, Ref}, Answer) ->
    try erlang:send(To, {beamctl_guard, Ref, Answer}, [noconnect, nosuspend]) catch _:_ -> ok end
end,

%% What may block runs in a worker, whose exit reason is its result: the guardian itself always answers.
Work = fun(Fun) ->
    spawn_monitor(fun() ->
        process_flag(sensitive, true),
        exit(try {done, Fun()} catch Class:_ -> {failed, Class} end)
    end)
end,

%% All requests to a process come from this one sender, so a resume always follows its suspend.
Ask = fun(What, Pids) ->
    Guard = self(),
    lists:zipwith(fun erlang:send/2, Pids, [{system, {Guard, {beamctl, What, Pid}}, What} || Pid <- Pids]),
    ok
end,

Add = fun(_, 0, S) -> S;
         (Key, N, S = #{counts := Counts}) -> S#{counts := Counts#{Key => maps:get(Key, Counts, 0) + N}}
end,

Status = fun(#{phase := Phase, why := Why, epoch := Epoch, pids := Pids, ops := Ops, lease_at := LeaseAt, timers := Timers,
               goal := Goal, counts := Counts, since := Since, undone_at := UndoneAt}) ->
    About#{guard => self(), phase => Phase, why => Why, epoch => Epoch, age => Clock() - Since, lease => LeaseAt - Clock(),
           processes => maps:size(Pids), acceptors => length(Ops), counts => Counts, undone_at => UndoneAt,
           waiting => Goal =/= none, timers => [Timer || {_, Timer} <- Timers]}
end,

%% The backstop needs neither us nor the evaluator: one-shot timers of the node's own, whose resumes answer to nobody.
Backstop = fun(processes, _, []) -> [];
              (processes, After, Pids) ->
    Resumes = lists:duplicate(length(Pids), {system, {beamctl_backstop, resumed}, resume}),
    {ok, Timer} = timer:apply_after(After, lists, zipwith, [fun erlang:send/2, Pids, Resumes]),
    [{processes, Timer}];
              (acceptors, After, Ops) ->
    [begin
        Ids = [Id || {Of, Id} <- Ops, Of =:= Sup],
        {ok, Timer} = timer:apply_after(After, lists, zipwith,
            [fun supervisor:restart_child/2, lists:duplicate(length(Ids), Sup), Ids]),
        {acceptors, Timer}
     end || Sup <- lists:usort([Of || {Of, _} <- Ops])]
end,

Cancel = fun([]) -> ok;
            (Timers) -> spawn(fun() -> try [timer:cancel(Timer) || {_, Timer} <- Timers] catch _:_ -> ok end end), ok
end,

%% What is no longer held needs no timer; when nothing is held there is no cap.
Settle = fun(S = #{pids := Pids, ops := Ops, timers := Timers, job := Job, batch := Batch, cap_at := CapAt}) ->
    Idle = Job =:= none andalso Batch =:= none,
    Over = fun({processes, _}) -> Idle andalso Pids =:= #{};
              ({acceptors, _}) -> Idle andalso Ops =:= []
    end,
    {Ended, Kept} = lists:partition(Over, Timers),
    Cancel(Ended),
    S#{timers := Kept, cap_at := case Kept of [] -> infinity; _ -> CapAt end}
end,
`;
