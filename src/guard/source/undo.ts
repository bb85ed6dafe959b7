/** The guardian's Erlang text, part 3: undoing, at once or when the release handler has answered. */

/** Binds `RestartAll`, `Thaw`, `Check`, `Undo`, `UndoAcceptors`, `Question`, `Want`. */
export const UNDO: string = `
%% A supervisor that has ended holds nothing: what came in its place started children of its own.
Restart = fun({Sup, Id}) ->
    try supervisor:restart_child(Sup, Id) of
        {ok, _} -> ok;
        {ok, _, _} -> ok;
        {error, running} -> ok;
        {error, restarting} -> ok;
        {error, not_found} -> gone;
        {error, _} -> failed
    catch _:_ ->
        case is_pid(Sup) andalso not is_process_alive(Sup) of true -> gone; false -> failed end
    end
end,

%% Restarts what is held, always in the reverse of the order of termination: what went first may need what went last. How many run, how
%% many have no place any more, and which could not be started, in the order of their termination.
RestartAll = fun(Ops) ->
    Results = [{Restart(Op), Op} || Op <- lists:reverse(Ops)],
    Count = fun(What) -> length([Op || {Result, Op} <- Results, Result =:= What]) end,
    {Count(ok), Count(gone), lists:reverse([Op || {failed, Op} <- Results])}
end,

%% Gives back what only this process could: its suspension is counted at one, so one resume ends it, also one that is still on its way.
Thaw = fun(S = #{frozen := Cold}, Which) ->
    lists:foreach(fun erlang:demonitor/1, maps:values(maps:with(Which, Cold))),
    [try erlang:resume_process(Pid) catch _:_ -> gone end || Pid <- Which],
    S#{frozen := maps:without(Which, Cold)}
end,

%% Stays as a tombstone that tells what happened, unless it was asked to end and nothing is left.
Finish = fun(S = #{pids := Pids, ops := Ops, why := Why, counts := Counts, reply := Reply}) ->
    Done = Settle(S#{phase := done, until := Clock() + Grace, undone_at := erlang:system_time(millisecond)}),
    Clean = Pids =:= #{} andalso Ops =:= [],
    Quiet = Why =:= asked orelse Counts =:= #{},
    Tell(Reply, {ok, Status(Done)}),
    case Quiet of
        true -> ok;
        false ->
            Left = [Why, Counts, maps:size(Pids), length(Ops)],
            spawn(fun() ->
                error_logger:warning_msg("beamctl: the guardian undid an operation (~p): ~p, left ~p processes and ~p acceptors~n", Left)
            end)
    end,
    case Clean andalso Quiet of true -> stop; false -> Done end
end,

Check = fun(S = #{phase := undoing, pids := Pids, worker := none, orphan := none}) when Pids =:= #{} -> Finish(S);
           (S) -> S
end,

%% What an earlier worker still asks of a supervisor must come before what we ask of it.
UndoAcceptors = fun(S = #{ops := Ops}, Earlier) ->
    S#{worker := Work(fun() ->
        case Earlier of
            none -> ok;
            {Pid, _} ->
                Monitor = erlang:monitor(process, Pid),
                exit(Pid, kill),
                receive {'DOWN', Monitor, process, _, _} -> ok end
        end,
        RestartAll(Ops)
    end)}
end,

Undo = fun(S = #{pids := Pids, frozen := Cold, ops := Ops, worker := Worker, job := Job}, Why, Reply) ->
    %% By the runtime's list: what we suspend and do not know of would be frozen as long as the tombstone stands.
    Thawed = Add(resumed, maps:size(Cold), Thaw(S, lists:usort(Frozen() ++ maps:keys(Cold)))),
    case Job of none -> ok; #{reply := Waiting} -> Tell(Waiting, {error, {lost, Why}}) end,
    %% A worker on supervisors is stopped. Any other may just have armed a timer that nobody else knows: it is waited for.
    {Earlier, Orphan} = case Job of
        none -> {none, none};
        #{kind := Kind} when Kind =:= hold; Kind =:= release -> {Worker, none};
        _ -> {none, Worker}
    end,
    Ask(resume, maps:keys(Pids)),
    Undoing = Thawed#{phase := undoing, why := Why, reply := Reply, job := none, batch := none, goal := none,
                 worker := none, orphan := Orphan, until := Clock() + 5000, tries := 3},
    case Ops of [] -> Check(Settle(Undoing)); _ -> UndoAcceptors(Settle(Undoing), Earlier) end
end,

%% While an install runs nobody resumes: the release handler is one server, and answers when the install has ended.
Question = fun(S = #{asker := none}) -> S#{asker := Work(fun() -> release_handler:which_releases(), ok end)};
              (S) -> S
end,

Want = fun(S = #{phase := freeze}, Why, Reply) -> Undo(S, Why, Reply);
          (S = #{phase := install, goal := {undo, _, _}}, _, {none, _}) -> S;
          (S = #{phase := install, goal := Goal}, Why, Reply) ->
              case Goal of none -> ok; {_, _, Waiting} -> Tell(Waiting, {error, {lost, Why}}) end,
              Question(S#{goal := {undo, Why, Reply}});
          (S, _, {none, _}) -> S;
          (S = #{phase := undoing}, _, Reply) -> S#{reply := Reply};
          (S, _, Reply) -> Tell(Reply, {ok, Status(S)}), S
end,
`;
