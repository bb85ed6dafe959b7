/** The listeners of Thousand Island, read in one script. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Term } from "../term/index.ts";
import { around, type LookOptions } from "./adapter.ts";
import { addressOf } from "./ip-text.ts";
import { ISLAND } from "./island-source.ts";
import { type Acceptor, type Listener, type Place, runningPids, statusOf } from "./listener.ts";
import type { Stacks } from "./stacks.ts";

/** See {@link Adapter.listeners}; the same for every Thousand Island from 1.0 on. */
export async function islandListeners(
  remote: Remote,
  stacks: Stacks,
  options: LookOptions,
): Promise<readonly Listener[]> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, LISTENERS.name);
  const rows = answer.list(await runScript(remote, LISTENERS, { Wait: wait }, call));
  return rows.map((row) => listener(answer, stacks, row));
}

function listener(answer: Answer, stacks: Stacks, row: Term): Listener {
  const [ref, server, connections, pool, children, open, shutdown, name, tls, app, handler, hung] =
    answer.tuple(row, 12);
  const pid = answer.pid(server);
  const unanswered = answer.list(hung).map((one) => answer.pid(one));
  const acceptors = answer.list(children).map((child): Acceptor => {
    const [supervisor, id, acceptor, frozen] = answer.tuple(child, 4);
    return {
      supervisor: answer.pid(supervisor),
      id: id as Term,
      pid: answer.maybePid(acceptor),
      frozen: answer.boolean(frozen),
    };
  });
  const isOpen = answer.boolean(open);
  const refuse: Place[] = acceptors
    .filter((acceptor) => acceptor.pid !== undefined)
    .map(({ supervisor, id }) => ({ supervisor, id }));
  if (answer.boolean(shutdown)) refuse.push({ supervisor: pid, id: SHUTDOWN_LISTENER });
  if (isOpen) refuse.push({ supervisor: pid, id: LISTENER });
  const application = atomOrNone(app);
  const protocol = atomOrNone(handler);
  return {
    ref: ref as Term,
    name: inspect(ref as Term),
    kind: "thousand_island",
    pid,
    supervisors: {
      listener: pid,
      connections: answer.list(connections).map((one) => answer.pid(one)),
      acceptors: answer.maybePid(pool),
    },
    address: isOpen ? addressOf(name) : undefined,
    status: statusOf(unanswered, isOpen, acceptors),
    acceptors,
    stops: { hold: runningPids(acceptors), refuse },
    application,
    embedded: true,
    protocol: protocol === BANDIT ? "Bandit" : protocol,
    unanswered,
    evidence: [
      `Thousand Island ${stacks.thousandIsland ?? "?"}`,
      ...(protocol === BANDIT ? [` with Bandit ${stacks.bandit ?? "?"}`] : []),
      ...(answer.boolean(tls) ? [" over TLS"] : []),
      `, embedded in ${application ?? "a tree"}`,
    ].join(""),
  };
}

const BANDIT = "Elixir.Bandit.DelegatingHandler";
const LISTENER = atom("listener");
const SHUTDOWN_LISTENER = atom("shutdown_listener");

function atomOrNone(term: Term | undefined): string | undefined {
  return term instanceof Atom && term.name !== "none" ? term.name : undefined;
}

// What a server was started with is not asked for: it holds keys. The handler is what a connection runs, or else what the label says (since 1.4.3),
// or else what started the server. A listen socket is asked through its port, which is no message; TLS shows on the stack of who waits to accept.
const LISTENERS: Script = new Script({
  name: "thousand_island_listeners",
  bindings: ["Wait"],
  readOnly: true,
  source: `
${BATCH}${ISLAND}
Sups = maps:from_list([{Server, AcceptorSups(Server)} || {_, Server, _} <- Servers]),
Pooled = maps:from_list([{Server, Pools(Server)} || {_, Server, _} <- Servers]),
Answers = maps:from_list(Children(maps:keys(Sups) ++ lists:append(maps:values(Pooled)) ++ lists:append(maps:values(Sups)), Now() + Wait)),
Silent = fun(Pids) -> [Pid || Pid <- Pids, maps:get(Pid, Answers) =:= timeout] end,
Listed = fun(Pid) -> case maps:get(Pid, Answers, gone) of Listing when is_list(Listing) -> lists:reverse(Listing); _ -> [] end end,

%% An acceptors' supervisor that is down counts as an acceptor that is.
Acceptors = fun({_, Sup, _, _}, _) when is_pid(Sup) -> [{Sup, Id, Pid, IsFrozen(Pid)} || {Id = acceptor, Pid, _, _} <- Listed(Sup)];
               ({Id, Down, _, _}, Pool) -> [{Pool, Id, Down, false}]
end,
Name = fun(Listener) -> case process_info(Listener, links) of
    {_, Linked} -> case [Port || Port <- Linked, is_port(Port)] of
        [Port | _] -> try inet:sockname(Port) of {ok, Address} -> Address; _ -> none catch _:_ -> none end; [] -> none end;
    undefined -> none end
end,
Label = fun(Pid) -> case process_info(Pid, dictionary) of
    {_, Dictionary} -> case lists:keyfind('$process_label', 1, Dictionary) of
        {_, {thousand_island, listener, {_, Handler}}} when is_atom(Handler) -> Handler; _ -> none end;
    undefined -> none end
end,
First = fun First([]) -> none;
            First([Sup | Rest]) -> case Links(Sup) of
                [One, Other | _] -> case [Module || {_, {Module, init, 1}} <- KidsOf(Sup, [One, Other])] of [Module | _] -> Module; [] -> First(Rest) end;
                _ -> First(Rest) end
end,
Handler = fun(Connections, Listening, Modules) ->
    case First(Connections) of
        none -> case [Label(Pid) || Pid <- Listening] of
            [Found] when Found =/= none -> Found;
            _ -> case Modules of ['Elixir.Bandit'] -> 'Elixir.Bandit.DelegatingHandler'; _ -> none end end;
        Found -> Found end
end,
Tls = fun(Pid) -> case process_info(Pid, current_stacktrace) of
    {_, Stack} -> lists:keymember(tls_socket, 1, Stack); undefined -> false end
end,
[begin
    Of = Kids(Server),
    Pool = case maps:get(Server, Pooled) of [Found | _] -> Found; [] -> none end,
    Listening = [Pid || {Pid, {'Elixir.ThousandIsland.Listener', init, 1}} <- Of],
    Rows = lists:append([Acceptors(Child, Pool) || is_pid(Pool), Child <- Listed(Pool)]),
    Connections = lists:append([ConnectionSups(Sup) || Sup <- maps:get(Server, Sups)]),
    {Ref, Server, Connections, Pool, Rows, Listening =/= [],
     [Pid || {Pid, {'Elixir.ThousandIsland.ShutdownListener', init, 1}} <- Of] =/= [],
     case Listening of [Listener | _] -> Name(Listener); [] -> none end,
     [Pid || {_, _, Pid, _} <- lists:sublist(Rows, 1), is_pid(Pid), Tls(Pid)] =/= [],
     case application:get_application(Server) of {ok, App} -> App; undefined -> none end,
     Handler(Connections, Listening, Modules),
     [Up || {Up, _} <- [Kin(Server)], lists:member(Up, HungParents)] ++ Silent([Server | maps:get(Server, Pooled) ++ maps:get(Server, Sups)])}
end || {Ref, Server, Modules} <- Servers, maps:get(Server, Answers) =/= gone]`,
});
