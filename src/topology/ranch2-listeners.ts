/** The listeners of Ranch 2, read in one script: the names and addresses from its table, the rest from its supervisors. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, inspect, type Pid, type Term, Tuple } from "../term/index.ts";
import { around, type LookOptions, type NotDetected } from "./adapter.ts";
import { ipText } from "./ip-text.ts";
import type { Acceptor, Listener, ListenerStatus } from "./listener.ts";
import { reasonOf } from "./ranch2-absence.ts";

/** See {@link Adapter.listeners}. */
export async function ranch2Listeners(
  remote: Remote,
  options: LookOptions,
): Promise<readonly Listener[] | NotDetected> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, LISTENERS.name);
  const result = await runScript(remote, LISTENERS, { Wait: wait }, call);
  const [tag, version, rows] = answer.tuple(result);
  if (answer.atom(tag) !== "ok") return { notDetected: reasonOf(answer, version) };
  const found = answer.list(rows).map((row) => listener(answer, answer.text(version), row));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function listener(answer: Answer, version: string, row: Term): Listener {
  const [ref, sup, conns, acceptorsSup, children, address, embedded, app, protocol, hung] =
    answer.tuple(row, 10);
  const pid = answer.pid(sup);
  const unanswered = answer.list(hung).map((one) => answer.pid(one));
  const acceptors = answer.list(children).map((child): Acceptor => {
    const [id, acceptor] = answer.tuple(child, 2);
    return { id: id as Term, pid: answer.maybePid(acceptor) };
  });
  const acceptorsPid = answer.maybePid(acceptorsSup);
  const isEmbedded = answer.boolean(embedded);
  const application = atomOrNone(app);
  return {
    ref: ref as Term,
    name: inspect(ref as Term),
    kind: "ranch2",
    pid,
    supervisors: {
      listener: pid,
      connections: answer.list(conns).map((one) => answer.pid(one)),
      acceptors: acceptorsPid,
    },
    address: addressOf(address),
    status: statusOf(unanswered, acceptorsPid, acceptors),
    acceptors,
    application,
    embedded: isEmbedded,
    protocol: atomOrNone(protocol),
    unanswered,
    evidence: `Ranch ${version}, ${isEmbedded ? `embedded in ${application ?? "a tree"}` : "under ranch_sup"}`,
  };
}

function statusOf(
  unanswered: readonly Pid[],
  supervisor: Pid | undefined,
  acceptors: readonly Acceptor[],
): ListenerStatus {
  if (unanswered.length > 0) return "hung";
  if (supervisor === undefined) return "suspended";
  const running = acceptors.filter(({ pid }) => pid !== undefined).length;
  if (running === acceptors.length) return "running";
  return running === 0 ? "held" : "partial";
}

function atomOrNone(term: Term | undefined): string | undefined {
  return term instanceof Atom && term.name !== "none" ? term.name : undefined;
}

function addressOf(term: Term | undefined): Listener["address"] {
  const [ip, port] = term instanceof Tuple ? term.items : [];
  const text = ip instanceof Tuple ? ipText(ip) : undefined;
  return text === undefined || typeof port !== "number" ? undefined : { ip: text, port };
}

// A start argument list holds keys and certificates: of it only the name of the protocol is taken.
const LISTENERS: Script = new Script({
  name: "ranch2_listeners",
  bindings: ["Wait"],
  readOnly: true,
  source: `
${BATCH}
Until = Now() + Wait,
case {ets:info(ranch_server, size), application:get_key(ranch, vsn)} of
{undefined, _} -> {not_detected, ranch_not_running};
{_, {ok, [$1, $. | _] = Old}} -> {not_detected, {ranch_1, Old}};
{_, Key} ->
    Version = case Key of {ok, Vsn} -> Vsn; undefined -> "?" end,
    Sups = ranch_server:get_listener_sups(),
    Parts = maps:from_list(Children([Sup || {_, Sup} <- Sups], Until)),
    Child = fun(Id, Kids) when is_list(Kids) -> case lists:keyfind(Id, 1, Kids) of {_, Pid, _, _} -> Pid; false -> none end;
               (_, Silent) -> Silent
    end,
    Second = lists:append([[Pid || {Id, Pid, supervisor, _} <- Kids, is_pid(Pid),
                                   Id =:= ranch_acceptors_sup orelse Id =:= ranch_conns_sup_sup]
                           || Kids <- maps:values(Parts), is_list(Kids)]),
    Below = maps:from_list(Children(Second, Until)),
    {ok, Version, [begin
        Kids = maps:get(Sup, Parts),
        Acceptors = Child(ranch_acceptors_sup, Kids),
        Connections = Child(ranch_conns_sup_sup, Kids),
        Known = maps:get(Acceptors, Below, []),
        {Ref, Sup, lists:sort([Conns || {_, Conns} <- ranch_server:get_connections_sups(Ref)]),
         case is_pid(Acceptors) of true -> Acceptors; false -> none end,
         case is_list(Known) of true -> [{Id, Pid} || {Id, Pid, _, _} <- lists:sort(Known)]; false -> [] end,
         try ranch_server:get_addr(Ref) catch _:_ -> none end,
         case process_info(Sup, links) of {_, Links} -> not lists:member(whereis(ranch_sup), Links); undefined -> true end,
         case application:get_application(Sup) of {ok, App} -> App; undefined -> none end,
         try ranch_server:get_listener_start_args(Ref) of [_, _, _, Protocol | _] -> Protocol; _ -> none catch _:_ -> none end,
         [Sup || Kids =:= timeout] ++ [Pid || Pid <- [Acceptors, Connections], maps:get(Pid, Below, none) =:= timeout]}
    end || {Ref, Sup} <- Sups, maps:get(Sup, Parts) =/= gone]}
end`,
});
