/** Changes of a node's settings that revert themselves, in whichever order they end and whoever makes them. */

import { atom, type Term, tuple } from "../../term/index.ts";
import { type KeeperScript, type Kept, keep } from "../keeper.ts";
import { during } from "../standing/during.ts";
import { nodeOf, owned, type Target } from "../target.ts";

/** One setting and what it is changed to, in the words of `Exchange` below. */
export interface Change {
  readonly thing: Term;
  readonly value: Term;
}

/** Makes the changes for as long as `work` runs, or until they are released. */
export async function changed<Result>(
  target: Target,
  changes: readonly Change[],
  work: (() => Result | Promise<Result>) | undefined,
): Promise<Kept | Result> {
  const list = changes.map(({ thing, value }) => tuple(thing, value));
  const kept = owned(target, await keep(nodeOf(target), CHANGES, { Changes: list }));
  return work === undefined ? kept : during(kept, work);
}

/** A setting by its kind and names. */
export function setting(kind: string, ...names: readonly (Term | string)[]): Term {
  return tuple(atom(kind), ...names.map((name) => (typeof name === "string" ? atom(name) : name)));
}

// All changes of a node, also those of other runners, are layers in one process there: the last one made counts, and what was before the first one comes
// back with the end of the last. Were each to put back what it had found, two that end out of order, as two that lose the same link do, would leave a
// wrong value for ever.
const CHANGES: KeeperScript = {
  name: "changes",
  bindings: ["Changes"],
  setUp: `
%% A flag of another process can be set by that process alone: OTP's own have a door for it. Too late is never.
Flag = fun(Pid, Flag, New) ->
    proc_lib:translate_initial_call(Pid) =/= {proc_lib, init_p, 5} orelse erlang:error(not_otp),
    Me = self(),
    Tag = make_ref(),
    Until = erlang:monotonic_time(millisecond) + 2000,
    Door = fun(State) ->
        case erlang:monotonic_time(millisecond) < Until of
            true -> Me ! {Tag, try {ok, process_flag(Flag, New)} catch error:Why -> Why end};
            false -> late
        end,
        State
    end,
    sys:replace_state(Pid, Door, 2500),
    receive {Tag, {ok, Old}} -> Old; {Tag, Why} -> erlang:error(Why) after 0 -> erlang:error(unreachable) end
end,

%% Sets it and gives what it was before.
Exchange = fun({env, App, Key}, New) ->
        Old = application:get_env(App, Key),
        ok = case New of {ok, Value} -> application:set_env(App, Key, Value); undefined -> application:unset_env(App, Key) end,
        Old;
    ({level}, New) ->
        #{level := Old} = logger:get_primary_config(),
        ok = logger:set_primary_config(level, New),
        Old;
    ({level, Module}, New) ->
        Old = case logger:get_module_level(Module) of [{_, Level}] -> Level; _ -> undefined end,
        ok = case New of undefined -> logger:unset_module_level(Module); _ -> logger:set_module_level(Module, New) end,
        Old;
    ({system_flag, Name}, New) -> erlang:system_flag(Name, New);
    ({process_flag, Pid, Name}, New) -> Flag(Pid, Name, New)
end,
Gone = fun({process_flag, Pid, _}) -> not is_process_alive(Pid); (_) -> false end,

%% Layers: #{Thing => {Value before all, [{Layer, Value}]}}, the last one first.
Push = fun(Layer, {Thing, New}, Layers) ->
    Old = Exchange(Thing, New),
    {Base, Above} = maps:get(Thing, Layers, {Old, []}),
    Layers#{Thing => {Base, [{Layer, New} | Above]}}
end,
Drop = fun(Layer, Layers) ->
    maps:fold(fun(Thing, {Base, Above}, {Kept, Failed}) ->
        Left = lists:keydelete(Layer, 1, Above),
        Rest = case Left of [] -> Kept; _ -> Kept#{Thing => {Base, Left}} end,
        try
            case {hd(Above), Left} of
                _ when Left =:= Above -> same;
                {{Layer, _}, [{_, Next} | _]} -> Exchange(Thing, Next);
                {{Layer, _}, []} -> Gone(Thing) orelse Exchange(Thing, Base);
                _ -> beneath
            end,
            {Rest, Failed}
        catch _:Why -> {Rest, [Why | Failed]} end
    end, {#{}, []}, Layers)
end,
Pushed = fun(Layer, All, Layers) ->
    lists:foldl(fun(One, {ok, Now}) -> try {ok, Push(Layer, One, Now)} catch _:Why -> {Now, Why} end;
                   (_, Failed) -> Failed end, {ok, Layers}, All)
end,

Handle = fun({From, Tag, {push, All}}, Layers) ->
        Layer = erlang:monitor(process, From),
        case Pushed(Layer, All, Layers) of
            {ok, More} -> From ! {Tag, {ok, Layer}}, More;
            {Part, Why} ->
                erlang:demonitor(Layer, [flush]),
                {Back, _} = Drop(Layer, Part),
                From ! {Tag, {failed, Why}},
                Back
        end;
    ({From, Tag, {drop, Layer}}, Layers) ->
        erlang:demonitor(Layer, [flush]),
        {Back, Failed} = Drop(Layer, Layers),
        From ! {Tag, case Failed of [] -> {ok, Layer}; [Why | _] -> {failed, Why} end},
        Back;
    ({'DOWN', Layer, process, _, _}, Layers) -> element(1, Drop(Layer, Layers));
    (_, Layers) -> Layers
end,
Loop = fun Loop(Layers) ->
    Patience = case map_size(Layers) of 0 -> 5000; _ -> infinity end,
    receive
        Message -> case Handle(Message, Layers) of
            None when map_size(None) =:= 0 -> unregister(beamctl_changes);
            More -> Loop(More)
        end
    after Patience -> unregister(beamctl_changes)
    end
end,

%% The first change starts it; of two that start one at the same time the second finds the other's.
Holder = fun Holder() ->
    case whereis(beamctl_changes) of
        undefined ->
            Me = self(),
            {Pid, Watch} = spawn_monitor(fun() ->
                case try register(beamctl_changes, self()) catch error:badarg -> taken end of
                    true -> Me ! {self(), up}, Loop(#{});
                    taken -> ok
                end
            end),
            receive {Pid, up} -> erlang:demonitor(Watch, [flush]), Pid; {'DOWN', Watch, process, _, _} -> Holder() end;
        Pid -> Pid
    end
end,
Ask = fun Ask(Request) ->
    Pid = Holder(),
    Tag = erlang:monitor(process, Pid),
    Pid ! {self(), Tag, Request},
    receive
        {Tag, {ok, Layer}} -> erlang:demonitor(Tag, [flush]), Layer;
        {Tag, {failed, Why}} -> erlang:demonitor(Tag, [flush]), erlang:error(Why);
        %% It had nothing left to hold when we found it.
        {'DOWN', Tag, process, _, _} -> Ask(Request)
    end
end,
Held = Ask({push, Changes}),
ok`,
  undo: "Ask({drop, Held})",
};
