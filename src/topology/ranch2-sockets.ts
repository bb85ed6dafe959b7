/** The connections and channels behind Ranch 2 listeners, read in one script. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Pid, type Term, Tuple } from "../term/index.ts";
import { around, type NotDetected, type SocketOptions } from "./adapter.ts";
import { CHANNELS, JOINED } from "./channels-source.ts";
import { COWBOY } from "./cowboy-source.ts";
import { reasonOf } from "./ranch2-absence.ts";
import type { Channel, Connection, ConnectionKind, Sockets } from "./socket.ts";

/** See {@link Adapter.sockets}. */
export async function ranch2Sockets(
  remote: Remote,
  options: SocketOptions,
): Promise<Sockets | NotDetected> {
  const { wait, call } = around(options);
  const bindings = {
    Wait: wait,
    Topics: atom(String(options.topics ?? true)),
    Only: options.refs ?? atom("all"),
  };
  const answer = new Answer(remote, SOCKETS.name);
  const result = await runScript(remote, SOCKETS, bindings, call);
  const [tag, rows, silent, joined] = answer.tuple(result);
  if (answer.atom(tag) !== "ok") return { notDetected: reasonOf(answer, rows) };
  const channels = answer.list(joined).map((row) => channel(answer, row));
  const groups = new Map<string, Channel[]>();
  for (const one of channels) {
    const key = String(one.transport);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return {
    connections: answer.list(rows).map((row) => connection(answer, row, groups)),
    channels,
    unanswered: answer.list(silent).map((row) => {
      const [ref, supervisor] = answer.tuple(row, 2);
      return { listener: inspect(ref as Term), supervisor: answer.pid(supervisor) };
    }),
  };
}

function connection(
  answer: Answer,
  row: Term,
  channels: ReadonlyMap<string, Channel[]>,
): Connection {
  const [ref, pid, module, by, running, suspended, queue] = answer.tuple(row, 7);
  const found = answer.pid(pid);
  const requests = answer.list(running).map((one) => answer.pid(one));
  const name = answer.atom(module);
  return {
    pid: found,
    ref: ref as Term,
    listener: inspect(ref as Term),
    kind: kindOf(name, requests),
    requests,
    channels: channels.get(String(found)) ?? [],
    suspended: answer.boolean(suspended),
    queue: answer.integer(queue),
    evidence: evidenceOf(answer, name, by as Term),
  };
}

function kindOf(module: string, requests: readonly Pid[]): ConnectionKind {
  if (module === "cowboy_websocket") return "websocket";
  if (module !== "cowboy_http" && module !== "cowboy_http2") return "unknown";
  return requests.length > 0 ? "http-busy" : "http-idle";
}

function evidenceOf(answer: Answer, module: string, by: Term): string {
  if (by instanceof Tuple) {
    return `${module} in a request of the HTTP/2 connection ${String(answer.pid(by.items[1]))}`;
  }
  switch (by instanceof Atom ? by.name : "") {
    case "code":
      return `it runs ${module}`;
    case "removed":
      return "Ranch noted that its connection was taken over";
    case "status":
      return `sys:get_status names ${module}`;
    case "foreign":
      return `${module} is not of Cowboy`;
    default:
      return "it shows no module of Cowboy";
  }
}

function channel(answer: Answer, row: Term): Channel {
  const [pid, transport, topic, module, suspended, queue] = answer.tuple(row, 6);
  return {
    pid: answer.pid(pid),
    transport: answer.pid(transport),
    topic: topic instanceof Atom ? undefined : answer.text(topic),
    module: answer.atom(module).replace(/^Elixir\./, ""),
    suspended: answer.boolean(suspended),
    queue: answer.integer(queue),
  };
}

const SOCKETS: Script = new Script({
  name: "ranch2_sockets",
  bindings: ["Wait", "Topics", "Only"],
  readOnly: true,
  source: `
${BATCH}
${JOINED}
${COWBOY}
${CHANNELS}
Entries = fun({Ref, Sup}) -> case process_info(Sup, dictionary) of
    undefined -> [];
    {_, Dictionary} -> lists:flatmap(fun({Pid, Mark}) when is_pid(Pid) -> Connections(Ref, Pid, Mark); (_) -> [] end, Dictionary) end
end,
Peek = fun({Pid, Socket, Topic, Module}) -> case process_info(Pid, [current_function, message_queue_len]) of
    [{_, Function}, {_, Queue}] -> [{Pid, Socket, Topic, Module, Place(Function), Queue}]; undefined -> [] end
end,

case {ets:info(ranch_server, size), application:get_key(ranch, vsn)} of
{undefined, _} -> {not_detected, ranch_not_running};
{_, {ok, [$1, $. | _] = Version}} -> {not_detected, {ranch_1, Version}};
_ ->
    Listed = [{Ref, Sup} || {Ref, _} <- ranch_server:get_listener_sups(), Only =:= all orelse lists:member(Ref, Only),
                            {_, Sup} <- ranch_server:get_connections_sups(Ref)],
    Silent = [Pair || {Pair, {_, timeout}} <- lists:zip(Listed, Counts([Sup || {_, Sup} <- Listed], Now() + Wait))],

    Direct = lists:flatmap(Examine, lists:flatmap(Entries, Listed)),
    Streams = lists:flatmap(fun({_, _, _, _, _, _, {[], _}, _, _}) -> [];
                               ({Ref, Over, _, _, _, _, {Sockets, _}, _, _}) -> [{Ref, Over, Pid} || Pid <- Sockets] end, Direct),
    Found = Direct ++ lists:flatmap(Stream, Streams),

    Pairs = lists:flatmap(fun({_, _, _, _, _, _, _, Its, _}) -> Its end, Found),
    Channels = lists:flatmap(Peek, Describe(Pairs, Topics, Now() + Wait)),
    Dumb = lists:filtermap(fun({_, Pid, _, _, _, true, _, _, _}) -> {true, Pid}; (_) -> false end, Found)
        ++ lists:filtermap(fun({Pid, _, _, _, asleep, _}) -> {true, Pid}; (_) -> false end, Channels),
    Told = maps:from_list(Statuses(Dumb, Now() + Wait)),

    Suspended = fun(_, suspended) -> true; (Pid, _) -> case Told of #{Pid := {_, suspended}} -> true; _ -> false end end,
    Finish = fun({Ref, Pid, none, _, Where, _, {_, Plain}, _, Queue}) ->
            {Module, By} = case Told of #{Pid := {Loop, _}} -> {Loop, status}; _ -> {none, none} end,
            {Ref, Pid, Module, By, Plain, Suspended(Pid, Where), Queue};
        ({Ref, Pid, Module, By, Where, _, {_, Plain}, _, Queue}) ->
            {Ref, Pid, Module, By, Plain, Suspended(Pid, Where), Queue}
    end,
    Close = fun({Pid, Socket, Topic, Module, Where, Queue}) -> {Pid, Socket, Topic, Module, Suspended(Pid, Where), Queue} end,
    {ok, lists:map(Finish, Found), Silent, lists:map(Close, Channels)}
end`,
});
