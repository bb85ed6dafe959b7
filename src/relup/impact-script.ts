/** The Erlang that finds supervised processes by the modules of their child specs. */

import { BATCH, Script } from "../otp/index.ts";

/**
 * Gives `{[{Module, Count, Pids}], Dynamic, Unanswered, NotAsked}`, the last three as `{Count, Pids}`, with at most `Most` pids each. As in
 * `release_handler_1`, the top supervisor of an application counts under its callback module: it is in what it was started as.
 */
export const IMPACT: Script = new Script({
  name: "relup_impact",
  bindings: ["Modules", "Most", "Wait"],
  readOnly: true,
  source: `
${BATCH}
Put = fun(Key, Pid, Found) ->
    {Count, Pids} = maps:get(Key, Found),
    maps:put(Key, {Count + 1, if Count < Most -> [Pid | Pids]; true -> Pids end}, Found)
end,
Named = fun(Pid, Mods, Found) when is_list(Mods) ->
                lists:foldl(fun(Mod, Acc) -> case maps:is_key({module, Mod}, Acc) of true -> Put({module, Mod}, Pid, Acc); false -> Acc end end,
                            Found, lists:usort(Mods));
           (_, _, Found) -> Found
end,
Ask = fun(Pid) -> node(Pid) =:= node() andalso IsSupervisor(Pid) end,
Child = fun({_, Pid, worker, dynamic}, {Next, Found}) when is_pid(Pid) -> {Next, Put(dynamic, Pid, Found)};
           ({_, Pid, worker, Mods}, {Next, Found}) when is_pid(Pid) -> {Next, Named(Pid, Mods, Found)};
           ({_, Pid, supervisor, Mods}, {Next, Found}) when is_pid(Pid) ->
                case Ask(Pid) of
                    true -> {[Pid | Next], Named(Pid, Mods, Found)};
                    false -> {Next, Put(not_asked, Pid, Named(Pid, Mods, Found))}
                end;
           (_, Acc) -> Acc
end,
Answer = fun({_, Kids}, Acc) when is_list(Kids) -> lists:foldl(Child, Acc, Kids);
            ({Sup, timeout}, {Next, Found}) -> {Next, Put(unanswered, Sup, Found)};
            (_, Acc) -> Acc
end,
%% Level by level, and no deeper than any real tree.
Walk = fun Walk([], _, Found) -> Found;
           Walk(_, 0, Found) -> Found;
           Walk(Sups, Depth, Found) ->
    {Next, More} = lists:foldl(Answer, {[], Found}, Children(Sups, Now() + Wait)),
    Walk(Next, Depth - 1, More)
end,
Roots = [Top || {_, Top} <- TopsOf([App || {App, _, _} <- application:which_applications(2000)])],
{Tops, Others} = lists:partition(Ask, Roots),
None = {0, []},
Empty = maps:from_list([{{module, Mod}, None} || Mod <- Modules] ++ [{dynamic, None}, {unanswered, None}, {not_asked, None}]),
Rooted = lists:foldl(fun(Top, Acc) -> case proc_lib:translate_initial_call(Top) of
    {supervisor, Callback, _} -> Named(Top, [Callback], Acc);
    _ -> Acc
end end, Empty, Tops),
Started = lists:foldl(fun(Top, Acc) -> Put(not_asked, Top, Acc) end, Rooted, Others),
All = Walk(Tops, 32, Started),
Sum = fun(Key) -> {Count, Pids} = maps:get(Key, All), {Count, lists:reverse(Pids)} end,
{[{Mod, Count, Pids} || Mod <- Modules, {Count, Pids} <- [Sum({module, Mod})]], Sum(dynamic), Sum(unanswered), Sum(not_asked)}`,
});
