/** Reads the connections and channels of a library: a list of who there is, then what they do, some hundreds a call. */

import { Answer, BATCH, type CallOptions, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Pid, type Term, tuple } from "../term/index.ts";
import { around, type SocketOptions, type SocketSource } from "./adapter.ts";
import { CHANNELS, JOINED } from "./channels-source.ts";
import type { Channel, Connection, ConnectionKind, Sockets } from "./socket.ts";

/** Connections looked at by one call: what the node needs for it does not grow with their number. */
const BATCH_SIZE = 250;

/** Entries that one call gives, or those of one holder: they are small. */
const UNFOLD_SIZE = 1000;

/** All sockets that this source finds, a batch at a time. One call for each {@link BATCH_SIZE} of them, and a few for the lists. */
export async function* socketBatches(
  remote: Remote,
  source: SocketSource,
  options: SocketOptions,
): AsyncGenerator<Sockets> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, source.entries.name);
  const only = options.refs ?? atom("all");
  const listed = await runScript(remote, source.entries, { Wait: wait, Only: only }, call);
  const [list, silent] = answer.tuple(listed, 2);
  const unanswered = answer.list(silent).map((row) => {
    const [ref, supervisor] = answer.tuple(row, 2);
    return { listener: inspect(ref as Term), supervisor: answer.pid(supervisor) };
  });
  yield { connections: [], channels: [], unanswered };
  for await (const entries of unfolded(remote, source, answer.list(list), call)) {
    const { seen, joins = true } = options;
    const sifted = await seen?.sift(remote, entries, joins, call);
    if (sifted !== undefined && sifted.known.length > 0) yield socketsOf(sifted.known);
    const unseen = sifted?.unseen ?? entries.map((entry) => ({ entry, mark: undefined }));
    for (let start = 0; start < unseen.length; start += BATCH_SIZE) {
      const batch = unseen.slice(start, start + BATCH_SIZE);
      const Entries = batch.map(({ entry }) => entry);
      const bindings = { Wait: wait, Topics: atom(String(options.topics ?? true)), Entries };
      const result = await runScript(remote, source.examine, bindings, call);
      const found = batchOf(new Answer(remote, source.examine.name), source, result);
      seen?.keep(batch, found.connections);
      yield found;
    }
  }
}

function socketsOf(connections: readonly Connection[]): Sockets {
  return { connections, channels: connections.flatMap((one) => one.channels), unanswered: [] };
}

/** The entries themselves, of some holders at a time. */
async function* unfolded(
  remote: Remote,
  { entries: { name }, unfold }: SocketSource,
  list: readonly Term[],
  call: CallOptions,
): AsyncGenerator<readonly Term[]> {
  if (unfold === undefined) {
    yield list;
    return;
  }
  const answer = new Answer(remote, name);
  let holders: Term[] = [];
  let size = 0;
  for (const [index, row] of list.entries()) {
    const [own, holder] = answer.tuple(row, 2);
    holders.push(holder as Term);
    size += answer.integer(own);
    const next =
      index + 1 < list.length ? answer.integer(answer.tuple(list[index + 1], 2)[0]) : UNFOLD_SIZE;
    if (size + next <= UNFOLD_SIZE) continue;
    const groups = await runScript(remote, unfold, { Holders: holders }, call);
    yield answer.list(groups).flatMap((group) => entriesOf(answer, group));
    holders = [];
    size = 0;
  }
}

function entriesOf(answer: Answer, group: Term): readonly Term[] {
  const [ref, pairs] = answer.tuple(group, 2);
  return answer.list(pairs).map((pair) => tuple(ref as Term, ...answer.tuple(pair, 2)));
}

/**
 * The script that examines a batch. `source` binds `Examine`, from an entry to rows of
 * `{Ref, Pid, Kind, By, Where, Ask, {Streams, Requests}, Pairs, Queue}`; `Stream`, from `{Ref, Over, Pid}` to such rows; and `AskKinds`,
 * from pids and a time to `{Pid, {Kind, By, running | suspended}}`. `Kind` is `websocket`, `http`, `longpoll` or `none`.
 */
export function examineScript(name: string, source: string): Script {
  return new Script({
    name,
    bindings: ["Wait", "Topics", "Entries"],
    readOnly: true,
    source: `${BATCH}${JOINED}${PLACE}${source}${CHANNELS}${EXAMINED}`,
  });
}

function batchOf(answer: Answer, source: SocketSource, result: Term): Sockets {
  const [rows, joined] = answer.tuple(result, 2);
  const channels = answer.list(joined).map((row) => channel(answer, row));
  const groups = new Map<string, Channel[]>();
  for (const one of channels) {
    const key = String(one.transport);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const connections = answer.list(rows).map((row): Connection => {
    const [ref, pid, kind, by, running, suspended, queue] = answer.tuple(row, 7);
    const found = answer.pid(pid);
    const requests = answer.list(running).map((one) => answer.pid(one));
    return {
      pid: found,
      ref: ref as Term,
      listener: inspect(ref as Term),
      kind: kindOf(answer.atom(kind), requests),
      requests,
      channels: groups.get(String(found)) ?? [],
      suspended: answer.boolean(suspended),
      queue: answer.integer(queue),
      ...source.explain(answer, by as Term),
    };
  });
  return { connections, channels, unanswered: [] };
}

function kindOf(kind: string, requests: readonly Pid[]): ConnectionKind {
  if (kind === "websocket" || kind === "longpoll") return kind;
  if (kind !== "http") return "unknown";
  return requests.length > 0 ? "http-busy" : "http-idle";
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

/** Binds `Place`: suspended | asleep | runs. A process that hibernates shows no stack. */
const PLACE = `
Place = fun({sys, suspend_loop, _}) -> suspended; ({erlang, hibernate, _}) -> asleep; (_) -> runs end,
`;

const EXAMINED = `
Peek = fun({Pid, Socket, Topic, Module}) -> case process_info(Pid, [current_function, message_queue_len]) of
    [{_, Function}, {_, Queue}] -> [{Pid, Socket, Topic, Module, Place(Function), Queue}]; undefined -> [] end
end,

Direct = lists:flatmap(Examine, Entries),
Streams = lists:flatmap(fun({_, _, _, _, _, _, {[], _}, _, _}) -> [];
                           ({Ref, Over, _, _, _, _, {Sockets, _}, _, _}) -> [{Ref, Over, Pid} || Pid <- Sockets] end, Direct),
Found = Direct ++ lists:flatmap(Stream, Streams),

Pairs = lists:flatmap(fun({_, _, _, _, _, _, _, Its, _}) -> Its end, Found),
Channels = lists:flatmap(Peek, Describe(Pairs, Topics, Now() + Wait)),
Until = Now() + Wait,
Told = maps:from_list(AskKinds(lists:filtermap(fun({_, Pid, _, _, _, true, _, _, _}) -> {true, Pid}; (_) -> false end, Found), Until)
    ++ [{Pid, {none, none, State}} || {Pid, {_, State}} <- Statuses([Pid || {Pid, _, _, _, asleep, _} <- Channels], Until)]),

Suspended = fun(_, suspended) -> true; (Pid, _) -> case Told of #{Pid := {_, _, suspended}} -> true; _ -> false end end,
Finish = fun({Ref, Pid, none, Why, Where, _, {_, Plain}, _, Queue}) ->
        {Kind, By} = case Told of #{Pid := {Other, Seen, _}} -> {Other, Seen}; _ -> {none, Why} end,
        {Ref, Pid, Kind, By, Plain, Suspended(Pid, Where), Queue};
    ({Ref, Pid, Kind, By, Where, _, {_, Plain}, _, Queue}) ->
        {Ref, Pid, Kind, By, Plain, Suspended(Pid, Where), Queue}
end,
Close = fun({Pid, Socket, Topic, Module, Where, Queue}) -> {Pid, Socket, Topic, Module, Suspended(Pid, Where), Queue} end,
{lists:map(Finish, Found), lists:map(Close, Channels)}`;
