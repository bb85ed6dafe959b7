/** The Erlang that watching a node's log is made of: a process there holds a primary filter of its `logger`, as long as one of ours lives. */

/** What makes one watch of another. Each part is Erlang expressions that end in a comma, but for `loop`. */
export interface FilterParts {
  /** The first part of the filter's name. */
  readonly name: string;
  /** The least level that is passed on: an atom or a variable. */
  readonly least: string;
  /** Binds `Pass`, a fun that the process that logs calls with the event; it may use `Self`, the holder. */
  readonly pass: string;
  /** The holder's life, without a comma: receives until `{'DOWN', Watch, process, _, _}`, then calls `End()`. */
  readonly loop: string;
}

/**
 * Erlang whose value is the holder's pid. Needs `To`, the process of ours. The filter lets every event go on; one that is left without its holder
 * raises, and is removed by `logger` then.
 */
export function primaryFilter({ name, least, pass, loop }: FilterParts): string {
  return `
Asker = self(),
Tag = make_ref(),
Holder = spawn(fun() ->
    Self = self(),
    Watch = erlang:monitor(process, To),
    ${pass}
    Filter = fun(#{level := Level} = Event, _) ->
        case logger:compare_levels(Level, ${least}) of
            lt -> ignore;
            _ -> true = is_process_alive(Self), Pass(Event), ignore
        end
    end,
    %% From a small pool, since a node keeps every atom.
    Add = fun Add(N) ->
        Id = list_to_atom("${name}_" ++ integer_to_list(N)),
        case logger:add_primary_filter(Id, {Filter, []}) of
            ok -> Id;
            {error, {already_exist, _}} when N < 16 -> Add(N + 1)
        end
    end,
    Id = Add(1),
    End = fun() -> logger:remove_primary_filter(Id) end,
    Asker ! {Tag, Self},
    ${loop}
end),
Started = erlang:monitor(process, Holder),
receive
    {Tag, Holder} -> erlang:demonitor(Started, [flush]), Holder;
    {'DOWN', Started, process, _, _} -> error(no_filter)
end`;
}

/**
 * Erlang that returns when what the runtime itself has said until now, as of a plain process that crashed, has been through the filters. Its words go by way of
 * a queue that traces share, so that `trace_delivered` comes after them, and then by way of a process. Binds `Said`.
 */
export const SPOKEN = `Said = erlang:trace_delivered(all),
receive {trace_delivered, all, Said} -> ok after 2000 -> ok end,
try sys:get_status(logger_proxy, 2000) of _ -> ok catch _:_ -> ok end`;
