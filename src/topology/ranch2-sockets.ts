/** The connections and channels behind Ranch 2 listeners, read in one script. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Pid, type Term, Tuple } from "../term/index.ts";
import { around, type NotDetected, type SocketOptions } from "./adapter.ts";
import { CHANNELS } from "./channels-source.ts";
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
    evidence: evidenceOf(name, by as Term),
  };
}

function kindOf(module: string, requests: readonly Pid[]): ConnectionKind {
  if (module === "cowboy_websocket") return "websocket";
  if (module !== "cowboy_http" && module !== "cowboy_http2") return "unknown";
  return requests.length > 0 ? "http-busy" : "http-idle";
}

function evidenceOf(module: string, by: Term): string {
  if (by instanceof Tuple) return `${module} in a request of the HTTP/2 connection ${by.items[1]}`;
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
${COWBOY}
${CHANNELS}
case {ets:info(ranch_server, size), application:get_key(ranch, vsn)} of
{undefined, _} -> {not_detected, ranch_not_running};
{_, {ok, [$1, $. | _] = Version}} -> {not_detected, {ranch_1, Version}};
_ ->
    Listed = [{Ref, Sup} || {Ref, _} <- ranch_server:get_listener_sups(), Only =:= all orelse lists:member(Ref, Only),
                            {_, Sup} <- ranch_server:get_connections_sups(Ref)],
    Silent = [Pair || {Pair, {_, timeout}} <- lists:zip(Listed, Counts([Sup || {_, Sup} <- Listed], Now() + Wait))],

    %% The supervisor's dictionary: its pid keys, and what Ranch noted of each.
    Noted = fun(Sup) -> case process_info(Sup, dictionary) of
        {_, Dictionary} -> [{Pid, Mark} || {Pid, Mark} <- Dictionary, is_pid(Pid)]; undefined -> [] end end,
    Open = [{Ref, Pid, Mark} || {Ref, Sup} <- Listed, {Top, TopMark} <- Noted(Sup), {Pid, Mark} <- Connections(Top, TopMark)],
    Seen = [{Ref, Pid, Mark, Place(Function), InCowboy(Stack), Info}
            || {Ref, Pid, Mark} <- Open, Info = [Function, Stack | _] <- [Look(Pid)]],

    Members = [{Pid, lists:keyfind(monitors, 1, Info), lists:keyfind(monitored_by, 1, Info)}
               || {_, Pid, Mark, _, _, Info} <- Seen, Mark =/= foreign],
    Tasks = [{Ref, Pid, Requests(lists:keyfind(links, 1, Info))} || {Ref, Pid, _, _, Module, Info} <- Seen, Module =/= cowboy_websocket],
    Streams = [{Ref, Pid, Over, Info} || {Ref, Over, {Sockets, _}} <- Tasks, Pid <- Sockets, Info = [_ | _] <- [Look(Pid)]],
    Far = [{Pid, lists:keyfind(monitors, 1, Info), lists:keyfind(monitored_by, 1, Info)} || {_, Pid, _, Info} <- Streams],
    Pairs = lists:append([Joined(Pid, {M, Monitors}, {B, By}) || {Pid, {M, Monitors}, {B, By}} <- Members ++ Far]),
    Channels = [{Channel, Place(Function), Queue}
                || Channel = {Pid, _, _, _} <- Describe(Pairs, Topics, Now() + Wait),
                   [Function, {_, Queue}] <- [process_info(Pid, [current_function, message_queue_len])]],

    Dumb = [Pid || {_, Pid, Mark, Where, Module, _} <- Seen, Mark =/= foreign,
                   Where =:= asleep orelse (Module =:= sys andalso Mark =/= removed)],
    Told = maps:from_list(Statuses(Dumb ++ [Pid || {{Pid, _, _, _}, asleep, _} <- Channels], Now() + Wait)),
    Suspended = fun(Pid, Where) -> Where =:= suspended orelse case Told of #{Pid := {_, suspended}} -> true; _ -> false end end,
    Queued = fun(Info) -> element(2, lists:keyfind(message_queue_len, 1, Info)) end,
    Running = maps:from_list([{Pid, Plain} || {_, Pid, {_, Plain}} <- Tasks]),

    {ok,
     [begin
        {Kind, By} = case {Mark, Module, Told} of
            {foreign, _, _} -> {element(1, proc_lib:translate_initial_call(Pid)), foreign};
            {_, cowboy_websocket, _} -> {Module, code};
            {removed, _, _} -> {cowboy_websocket, removed};
            {_, _, _} when Module =/= none, Module =/= sys -> {Module, code};
            {_, _, #{Pid := {Loop, _}}} -> {Loop, status};
            _ -> {none, none}
        end,
        {Ref, Pid, Kind, By, maps:get(Pid, Running, []), Suspended(Pid, Where), Queued(Info)}
      end || {Ref, Pid, Mark, Where, Module, Info} <- Seen]
     ++ [{Ref, Pid, cowboy_websocket, {http2, Over}, [], Suspended(Pid, Place(hd(Info))), Queued(Info)}
         || {Ref, Pid, Over, Info} <- Streams],
     Silent,
     [{Pid, Socket, Topic, Module, Suspended(Pid, Where), Queue} || {{Pid, Socket, Topic, Module}, Where, Queue} <- Channels]}
end`,
});
