/** The Erlang that finds Thousand Island's servers: they stand in no table, so it follows links down from the applications' top supervisors. */

/** Supervisors with more links than this are passed over: those of connections and channels are, a tree that holds a server is not. */
const MOST_LINKS = 200;

/**
 * Binds `Servers`, rows `{Ref, Server, Modules}` by pid, and `HungParents`, supervisors that did not tell their children's ids; `Links`,
 * `Kin`, `Kids`, `Pools`, `AcceptorSups` and `ConnectionSups`. Needs `BATCH` and `Wait`. Links and dictionaries tell who is whose child without a message;
 * only the parent of a server is asked, for its id. A ref is the id; where two share one, `{Id, Pid}`; where it is not known, the pid.
 */
export const ISLAND: string = `
Links = fun(Pid) -> case process_info(Pid, links) of
    {_, Links} -> [To || To <- Links, is_pid(To), node(To) =:= node()]; undefined -> [] end
end,

%% {Parent, InitialCall}
Kin = fun(Pid) -> case process_info(Pid, dictionary) of
    {_, Dictionary} ->
        {case lists:keyfind('$ancestors', 1, Dictionary) of
             {_, [Up | _]} when is_pid(Up) -> Up; {_, [Up | _]} when is_atom(Up) -> whereis(Up); _ -> none end,
         case lists:keyfind('$initial_call', 1, Dictionary) of {_, Call} -> Call; false -> none end};
    undefined -> {none, none} end
end,

%% {Pid, InitialCall} of those below a process.
KidsOf = fun(Sup, Linked) -> [{Pid, Call} || Pid <- Linked, {Up, Call} <- [Kin(Pid)], Up =:= Sup] end,
Kids = fun(Sup) -> KidsOf(Sup, Links(Sup)) end,

Few = fun(Linked) -> length(Linked) =< ${MOST_LINKS} end,
Walk = fun Walk([], _, Found) -> Found;
           Walk(_, 0, Found) -> Found;
           Walk(Sups, Depth, Found) ->
    Below = [{Pid, Sup, Module} || Sup <- Sups, Linked <- [Links(Sup)], Few(Linked), {Pid, {supervisor, Module, 1}} <- KidsOf(Sup, Linked)],
    {Ours, Others} = lists:partition(fun({_, _, Module}) -> Module =:= 'Elixir.ThousandIsland.Server' end, Below),
    Walk([Pid || {Pid, _, _} <- Others], Depth - 1, [{Pid, Sup} || {Pid, Sup, _} <- Ours] ++ Found)
end,
Tops = [Top || {_, Top} <- TopsOf([App || {App, _, _} <- application:which_applications(2000)])],
Placed = lists:usort(Walk(Tops, 32, []) ++ [{Top, none} || Top <- Tops, {_, {supervisor, 'Elixir.ThousandIsland.Server', 1}} <- [Kin(Top)]]),

Parents = Children(lists:usort([Sup || {_, Sup} <- Placed, is_pid(Sup)]), Now() + Wait),
HungParents = [Sup || {Sup, timeout} <- Parents],
Known = maps:from_list([{Pid, {Id, Modules}} || {_, Listed} <- Parents, is_list(Listed), {Id, Pid, _, Modules} <- Listed, is_pid(Pid), Id =/= undefined]),
Ids = [maps:get(Pid, Known, none) || {Pid, _} <- Placed],
Shared = fun(Id) -> length([Id || {Other, _} <- Ids, Other =:= Id]) > 1 end,
Servers = [case maps:get(Pid, Known, none) of
    none -> {Pid, Pid, []};
    {Id, Modules} -> {case Shared(Id) of true -> {Id, Pid}; false -> Id end, Pid, Modules}
end || {Pid, _} <- Placed],

Pools = fun(Server) -> [Pid || {Pid, {supervisor, 'Elixir.ThousandIsland.AcceptorPoolSupervisor', 1}} <- Kids(Server)] end,
AcceptorSups = fun(Server) -> [Pid || Pool <- Pools(Server), {Pid, {supervisor, _, 1}} <- Kids(Pool)] end,
ConnectionSups = fun(AcceptorSup) -> [Pid || {Pid, {supervisor, _, 1}} <- Kids(AcceptorSup)] end,
`;
