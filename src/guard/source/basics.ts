/** The guardian's Erlang text, part 1: what it tells, how it works without blocking, and its backstop. */

/** Binds `Me`, `Clock`, `Tell`, `Work`, `Ask`, `Frozen`, `Add`, `Status`, `Backstop`, `Cancel`, `Settle`. */
export const BASICS: string = `
%% Bindings given: Ctl, the controller's pid; About, a map that names it; Lease, Cap and Grace in milliseconds.
group_leader(case whereis(user) of undefined -> whereis(init); User -> User end, self()),
process_flag(trap_exit, true),
process_flag(priority, high),
process_flag(sensitive, true),

Me = self(),
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
    lists:zipwith(fun erlang:send/2, Pids, [{system, {Me, {beamctl, What, Pid}}, What} || Pid <- Pids]),
    ok
end,

%% Whom this process suspends by erlang:suspend_process, asked or done: the runtime's own word, not our list.
Frozen = fun() -> {_, Mine} = process_info(self(), suspending), [Pid || {Pid, _, _} <- Mine] end,

Add = fun(_, 0, S) -> S;
         (Key, N, S = #{counts := Counts}) -> S#{counts := Counts#{Key => maps:get(Key, Counts, 0) + N}}
end,

Status = fun(#{phase := Phase, why := Why, epoch := Epoch, pids := Pids, ops := Ops, lease_at := LeaseAt, timers := Timers,
               goal := Goal, counts := Counts, since := Since, undone_at := UndoneAt}) ->
    About#{guard => self(), phase => Phase, why => Why, epoch => Epoch, age => Clock() - Since, lease => LeaseAt - Clock(),
           processes => maps:size(Pids), frozen => length(Frozen()), acceptors => length(Ops), counts => Counts, undone_at => UndoneAt,
           waiting => Goal =/= none, timers => [Timer || {_, Timer} <- Timers]}
end,

%% The backstop needs neither us nor the evaluator: one-shot timers of the node's own, whose resumes answer to nobody.
%% What is frozen lives and dies with us, so its backstop is our end. rpc:call goes on where a supervisor is gone or hangs.
Backstop = fun(_, _, []) -> [];
              (processes, After, Pids) ->
    Resumes = lists:duplicate(length(Pids), {system, {beamctl_backstop, resumed}, resume}),
    {ok, Timer} = timer:apply_after(After, lists, zipwith, [fun erlang:send/2, Pids, Resumes]),
    [{processes, Timer}];
              (frozen, After, _) ->
    {ok, Timer} = timer:apply_after(After, erlang, exit, [Me, kill]),
    [{frozen, Timer}];
              (acceptors, After, Ops) ->
    Calls = [[node(), supervisor, restart_child, [Sup, Id], 10000] || {Sup, Id} <- lists:reverse(Ops)],
    Rpcs = lists:duplicate(length(Calls), fun rpc:call/5),
    {ok, Timer} = timer:apply_after(After, lists, zipwith, [fun erlang:apply/2, Rpcs, Calls]),
    [{acceptors, Timer}]
end,

Cancel = fun([]) -> ok;
            (Timers) -> spawn(fun() -> try [timer:cancel(Timer) || {_, Timer} <- Timers] catch _:_ -> ok end end), ok
end,

%% What is no longer held needs no timer; when nothing is held there is no cap.
Settle = fun(S = #{pids := Pids, frozen := Cold, ops := Ops, timers := Timers, job := Job, batch := Batch, cap_at := CapAt}) ->
    Idle = Job =:= none andalso Batch =:= none,
    Thawed = Cold =:= #{} andalso (Idle orelse case {Job, Batch} of {#{kind := resume}, none} -> true; _ -> false end),
    Over = fun({processes, _}) -> Idle andalso Pids =:= #{};
              ({frozen, _}) -> Thawed;
              ({acceptors, _}) -> Idle andalso Ops =:= []
    end,
    {Ended, Kept} = lists:partition(Over, Timers),
    Cancel(Ended),
    Free = Idle andalso Thawed andalso Pids =:= #{} andalso Ops =:= [],
    S#{timers := Kept, cap_at := case Free of true -> infinity; false -> CapAt end}
end,
`;
