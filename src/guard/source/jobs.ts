/** The guardian's Erlang text, part 4: jobs on processes, and how their answers are counted. */

/** Binds `Over`, `Drop`, `Overdue`, `Answered`, `Died`, `Start`. */
export const JOBS: string = `
%% A job on processes is over when none is left to answer. One that the cap was put off for leaves a lease to give back the rest.
Over = fun(S = #{job := Job = #{left := Left, failed := Failed, done := Done, reply := Reply}, cap_at := CapAt}) when Left =:= #{} ->
               Tell(Reply, {ok, Done, Failed}),
               Put = case Job of #{uncapped := true} when CapAt =/= infinity -> max(CapAt, Clock() + Lease); _ -> CapAt end,
               Settle(S#{job := none, cap_at := Put});
          (S) -> S
end,

%% No longer on our lists; what is frozen runs again by that.
Drop = fun(S = #{pids := Pids, frozen := Cold}, Gone) ->
    lists:foreach(fun erlang:demonitor/1, maps:values(maps:with(Gone, Pids))),
    Thaw(S#{pids := maps:without(Gone, Pids)}, maps:keys(maps:with(Gone, Cold)))
end,

%% What did not take its suspend in time is sent a resume behind it, and never asked again; a freeze on its way is called back.
Overdue = fun(S = #{late := Late, job := Job = #{kind := Kind, left := Left, failed := Failed}}) ->
    Silent = maps:keys(Left),
    Told = S#{job := Job#{left := #{}, failed := [{Pid, timeout} || Pid <- Silent] ++ Failed}},
    case Kind of
        resume -> Over(Told);
        _ ->
            case Kind of suspend -> Ask(resume, Silent); freeze -> ok end,
            Over(Add(late, length(Silent), Drop(Told#{late := maps:merge(Late, Left)}, Silent)))
    end
end,

%% Takes these processes off the list of the job; how many were on it.
Off = fun(#{job := Job = #{left := Left}}, Pids) ->
    Rest = maps:without(Pids, Left),
    {maps:size(Left) - maps:size(Rest), Job#{left := Rest}}
end,

%% sys answers ok, the runtime answers suspended; it says badarg of a process that is gone.
Took = fun(S = #{job := #{kind := Kind, left := Left}}, Answers) when Kind =:= suspend; Kind =:= freeze ->
    Refused = [{Pid, case Answer of badarg -> noproc; exited -> noproc; _ -> refused end} ||
        {What, Pid, Answer} <- Answers, What =:= Kind, Answer =/= ok, Answer =/= suspended, maps:is_key(Pid, Left)],
    {Count, Job = #{done := Done, failed := Failed}} = Off(S, [Pid || {What, Pid, _} <- Answers, What =:= Kind]),
    Ok = Count - length(Refused),
    Counter = case Kind of suspend -> suspended; freeze -> frozen end,
    Dropped = Drop(S, [Pid || {Pid, _} <- Refused]),
    Over(Add(Counter, Ok, Dropped#{job := Job#{done := Done + Ok, failed := Refused ++ Failed}}));
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
    Some = Took(S, Answers),
    case lists:keymember(resume, 1, Answers) of true -> Resumed(Some, Answers); false -> Some end
end,

%% One that ended while it was held needs no resume.
Died = fun(S = #{pids := Pids, frozen := Cold, job := Job}, Pid) ->
    Gone = Add(died, 1, S#{pids := maps:remove(Pid, Pids), frozen := maps:remove(Pid, Cold)}),
    case Job of
        #{kind := resume, left := #{Pid := _}} ->
            {_, Fewer} = Off(S, [Pid]),
            Over(Gone#{job := Fewer});
        #{left := #{Pid := _}, failed := Failed} ->
            {_, Fewer} = Off(S, [Pid]),
            Over(Gone#{job := Fewer#{failed := [{Pid, noproc} | Failed]}});
        _ -> Check(Settle(Gone))
    end
end,

Start = fun(S, Kind, Reply, Fields, Fun) ->
    S#{job := maps:merge(#{kind => Kind, reply => Reply}, Fields), worker := Work(Fun)}
end,
`;
