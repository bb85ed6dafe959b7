/** The Erlang that the scripts of probes share, in parts: the forms of a script go to the node with each call. */

/**
 * Binds `Whereis`, which takes a pid, `{global, Name}`, `{via, Module, Name}` or texts of which the first that is registered counts, and finds only what lives
 * on the node.
 */
export const WHEREIS = `
Whereis = fun(Named) ->
    Found = case Named of
        _ when is_pid(Named) -> Named;
        {global, Name} -> global:whereis_name(Name);
        {via, Registry, Name} -> Registry:whereis_name(Name);
        Texts ->
            Names = lists:append([try [binary_to_existing_atom(Text, utf8)] catch error:_ -> [] end || Text <- Texts]),
            hd([By || Each <- Names, Each =/= undefined, By <- [whereis(Each)], is_pid(By)] ++ [undefined])
    end,
    try is_process_alive(Found) of true -> Found; false -> undefined catch error:_ -> undefined end
end,
`;

/** Binds `IsOtp`. */
export const IS_OTP = `
%% A plain process would keep a system message in its mailbox for ever.
IsOtp = fun(Pid) -> proc_lib:translate_initial_call(Pid) =/= {proc_lib, init_p, 5} end,
`;

/** Binds `Brief`. */
export const BRIEF = `
%% {Pid, Name or [], Initial call} of a process, also of one that has just ended.
Brief = fun(Pid) ->
    Info = case process_info(Pid, [registered_name, initial_call]) of undefined -> []; List -> List end,
    Name = proplists:get_value(registered_name, Info, []),
    Call = case proc_lib:translate_initial_call(Pid) of
        {proc_lib, init_p, 5} -> proplists:get_value(initial_call, Info, undefined);
        Translated -> Translated
    end,
    {Pid, Name, Call}
end,
`;

/** Binds `InLoop`, `HasFrame` and `Idle`. */
export const IDLE = `
%% Whether a process stands in the loop of a behaviour, and whether one is on its stack. Of a deep stack only the top is told.
InLoop = fun({erlang, hibernate, _}) -> true;
            ({Behaviour, Loop, _}) ->
                lists:member(Behaviour, [gen_server, gen_statem, gen_event])
                    andalso lists:member(Loop, [loop, loop_receive, loop_hibernate, fetch_msg]);
            (_) -> false
end,
HasFrame = fun(Stack, Modules) -> lists:any(fun(Frame) -> lists:member(element(1, Frame), Modules) end, Stack) end,

%% idle, gone, or what it does instead.
Idle = fun(Pid) ->
    case process_info(Pid, [status, message_queue_len, current_function, current_stacktrace, initial_call]) of
        undefined -> gone;
        [{_, Status}, {_, Queue}, {_, Current}, {_, Stack}, {_, Initial}] ->
            %% In a callback, or waiting for the answer of another; a stack that shows no end may hide that.
            IsWorking = HasFrame(Stack, [gen_server, gen_statem, gen_event, gen])
                orelse (is_tuple(Initial) andalso element(1, Initial) =:= proc_lib andalso not HasFrame(Stack, [proc_lib])),
            IsLoop = InLoop(Current),
            case Current of
                {sys, _, _} -> {suspended, Queue, Current};
                _ when Queue > 0; Status =/= waiting -> {Status, Queue, Current};
                _ when IsLoop; not IsWorking -> idle;
                _ -> {Status, Queue, Current}
            end
    end
end,
`;

/**
 * Binds `Clock` (milliseconds), `Wait` and `WaitEvery`, with its first and longest pause. They call a look with the milliseconds that it may take until it is
 * `{done, Value}`, and give `{done, Value, Looks}` or `{late, Last, Looks}`; they end when we are gone. Needs `Peer`, our name.
 */
export const WAIT = `
Clock = fun() -> erlang:monotonic_time(millisecond) end,
WaitEvery = fun(Look, Until, First, Most) ->
    Again = fun Again(Pause, Looks) ->
        %% The last look has time for an answer too.
        case Look(max(50, Until - Clock())) of
            {done, Value} -> {done, Value, Looks};
            Last ->
                Left = Until - Clock(),
                case Left > 0 andalso lists:member(Peer, nodes(connected)) of
                    true -> timer:sleep(min(Pause, Left)), Again(min(2 * Pause, Most), Looks + 1);
                    false -> {late, Last, Looks}
                end
        end
    end,
    Again(First, 1)
end,
Wait = fun(Look, Until) -> WaitEvery(Look, Until, 1, 50) end,
`;
