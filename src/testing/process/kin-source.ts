/** The Erlang that finds a process's supervisor, and what became of a child there. */

import { BATCH } from "../../otp/index.ts";

/**
 * Binds what `BATCH` does, and `KinOf`, which gives `{Supervisor, Key}` or `none`, and `Fate`, which tells of a child that was `Pid`: `same`, `restarting`, `busy`, `stopped`,
 * `gave_up` or `{restarted, New}`. The first ancestor of a supervised process is its supervisor; of the dictionary nothing else is looked at.
 */
export const KIN: string = `
${BATCH}
KinOf = fun(Child) ->
    Ancestors = case process_info(Child, dictionary) of {_, Dictionary} -> proplists:get_value('$ancestors', Dictionary, []); _ -> [] end,
    Parent = case Ancestors of [First | _] when is_atom(First) -> whereis(First); [First | _] -> First; _ -> undefined end,
    case is_pid(Parent) andalso node(Parent) =:= node() andalso is_process_alive(Parent) andalso IsSupervisor(Parent) of
        true ->
            Rows = try gen_server:call(Parent, which_children, 5000) catch exit:_ -> [] end,
            case [Id || {Id, Kid, _, _} <- Rows, Kid =:= Child] of
                [Known | _] ->
                    IsUnique = Known =/= undefined andalso length([Row || Row <- Rows, element(1, Row) =:= Known]) =:= 1,
                    {Parent, case IsUnique of true -> {id, Known}; false -> {among, [Kid || {_, Kid, _, _} <- Rows, is_pid(Kid)]} end};
                [] -> none
            end;
        false -> none
    end
end,

Fate = fun({Sup, Key}, Child, Left) ->
    try {Key, gen_server:call(Sup, which_children, Left)} of
        {{id, Id}, Rows} -> case lists:keyfind(Id, 1, Rows) of
            {_, Child, _, _} -> same;
            {_, Kid, _, _} when is_pid(Kid) -> {restarted, Kid};
            {_, restarting, _, _} -> restarting;
            _ -> stopped
        end;
        %% Children without a name of their own: one that was not there before is it.
        {{among, Before}, Rows} ->
            Kids = [Kid || {_, Kid, _, _} <- Rows],
            case {lists:member(Child, Kids), [Kid || Kid <- Kids, is_pid(Kid), not lists:member(Kid, Before)], lists:member(restarting, Kids)} of
                {true, _, _} -> same;
                {_, [New | _], _} -> {restarted, New};
                {_, _, true} -> restarting;
                _ -> stopped
            end
    catch exit:{timeout, _} -> busy; exit:_ -> gave_up
    end
end,
`;
