/** The listeners of Ranch, read in one script: the names and addresses from its table, the rest from its supervisors. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Pid, type Term } from "../term/index.ts";
import { around, type LookOptions } from "./adapter.ts";
import { addressOf } from "./ip-text.ts";
import { type Acceptor, type Listener, type Place, runningPids, statusOf } from "./listener.ts";
import { RANCH } from "./ranch-source.ts";
import type { Stacks } from "./stacks.ts";

/** See {@link Adapter.listeners}; the same for every Ranch from 1.0 on. */
export async function ranchListeners(
  kind: "ranch1" | "ranch2",
  remote: Remote,
  { ranch = "?" }: Stacks,
  options: LookOptions,
): Promise<readonly Listener[]> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, LISTENERS.name);
  const rows = answer.list(await runScript(remote, LISTENERS, { Wait: wait }, call));
  return rows.map((row) => listener(answer, kind, ranch, row));
}

function listener(answer: Answer, kind: "ranch1" | "ranch2", version: string, row: Term): Listener {
  const [ref, sup, conns, acceptorsSup, children, address, embedded, app, protocol, hung] =
    answer.tuple(row, 10);
  const pid = answer.pid(sup);
  const unanswered = answer.list(hung).map((one) => answer.pid(one));
  const supervisor = answer.maybePid(acceptorsSup);
  const acceptors = answer.list(children).map((child): Acceptor => {
    const [id, acceptor, frozen] = answer.tuple(child, 3);
    return {
      supervisor: supervisor as Pid,
      id: id as Term,
      pid: answer.maybePid(acceptor),
      frozen: answer.boolean(frozen),
    };
  });
  const isEmbedded = answer.boolean(embedded);
  const application = atomOrNone(app);
  const refuse: Place[] = supervisor === undefined ? [] : [{ supervisor: pid, id: ACCEPTORS_SUP }];
  return {
    ref: ref as Term,
    name: inspect(ref as Term),
    kind,
    pid,
    supervisors: {
      listener: pid,
      connections: answer.list(conns).map((one) => answer.pid(one)),
      acceptors: supervisor,
    },
    address: supervisor === undefined ? undefined : addressOf(address),
    status: statusOf(unanswered, supervisor !== undefined, acceptors),
    acceptors,
    stops: { hold: runningPids(acceptors), refuse },
    application,
    embedded: isEmbedded,
    protocol: atomOrNone(protocol),
    unanswered,
    evidence: `Ranch ${version}, ${isEmbedded ? `embedded in ${application ?? "a tree"}` : "under ranch_sup"}`,
  };
}

const ACCEPTORS_SUP = atom("ranch_acceptors_sup");

function atomOrNone(term: Term | undefined): string | undefined {
  return term instanceof Atom && term.name !== "none" ? term.name : undefined;
}

// A start argument list holds keys and certificates: of it only the name of the protocol is taken. Ranch before 1.5 keeps no pid of the
// listener's supervisor: it is the parent of the connections' supervisor.
const LISTENERS: Script = new Script({
  name: "ranch_listeners",
  bindings: ["Wait"],
  readOnly: true,
  source: `
${BATCH}${RANCH}
Parent = fun(Pid) -> case process_info(Pid, dictionary) of
    {_, Dictionary} -> case lists:keyfind('$ancestors', 1, Dictionary) of {_, [Up | _]} when is_pid(Up) -> Up; _ -> none end;
    undefined -> none end
end,
Sups = case ets:match(ranch_server, {{listener_sup, '$1'}, '$2'}) of
    [] -> [{Ref, Up} || {Ref, Pid} <- Conns, Up <- [Parent(Pid)], is_pid(Up)];
    Known -> [{Ref, Pid} || [Ref, Pid] <- Known]
end,
Parts = maps:from_list(Children([Sup || {_, Sup} <- Sups], Now() + Wait)),
Child = fun(Id, Kids) when is_list(Kids) -> case lists:keyfind(Id, 1, Kids) of {_, Pid, _, _} -> Pid; false -> none end;
           (_, Silent) -> Silent
end,
Second = lists:append([[Pid || {Id, Pid, supervisor, _} <- Kids, is_pid(Pid),
                               Id =:= ranch_acceptors_sup orelse Id =:= ranch_conns_sup_sup]
                       || Kids <- maps:values(Parts), is_list(Kids)]),
Below = maps:from_list(Children(Second, Now() + Wait)),
[begin
    Kids = maps:get(Sup, Parts),
    Acceptors = Child(ranch_acceptors_sup, Kids),
    Connections = Child(ranch_conns_sup_sup, Kids),
    Running = maps:get(Acceptors, Below, []),
    {Ref, Sup, lists:sort([Pid || {Of, Pid} <- Conns, Of =:= Ref]),
     case is_pid(Acceptors) of true -> Acceptors; false -> none end,
     case is_list(Running) of true -> [{Id, Pid, IsFrozen(Pid)} || {Id, Pid, _, _} <- lists:sort(Running)]; false -> [] end,
     case ets:match(ranch_server, {{addr, Ref}, '$1'}) of [[Addr]] -> Addr; _ -> none end,
     case process_info(Sup, links) of {_, Links} -> not lists:member(whereis(ranch_sup), Links); undefined -> true end,
     case application:get_application(Sup) of {ok, App} -> App; undefined -> none end,
     case ets:match(ranch_server, {{listener_start_args, Ref}, ['_', '_', '_', '$1', '_']})
          ++ ets:match(ranch_server, {{listener_start_args, Ref}, ['_', '_', '_', '_', '$1', '_']}) of
         [[Protocol]] when is_atom(Protocol) -> Protocol; _ -> none end,
     [Sup || Kids =:= timeout] ++ [Pid || Pid <- [Acceptors, Connections], maps:get(Pid, Below, none) =:= timeout]}
end || {Ref, Sup} <- Sups, maps:get(Sup, Parts) =/= gone]`,
});
