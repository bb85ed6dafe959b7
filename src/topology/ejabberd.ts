/** The adapter for ejabberd: listeners of its own, each one process that accepts, and websockets inside its HTTP processes. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, inspect, type Term, Tuple, tuple } from "../term/index.ts";
import { type Adapter, around, type LookOptions } from "./adapter.ts";
import { EJABBERD_SOCKETS, MODULE_SUPERVISORS } from "./ejabberd-sockets.ts";
import { addressOf } from "./ip-text.ts";
import { type Acceptor, type Listener, type Place, statusOf } from "./listener.ts";
import type { Stacks } from "./stacks.ts";

/** See {@link Adapter}. */
export const EJABBERD: Adapter = {
  present: ({ ejabberd }) => ejabberd !== undefined,
  listeners,
  sockets: EJABBERD_SOCKETS,
};

async function listeners(
  remote: Remote,
  { ejabberd = "?" }: Stacks,
  options: LookOptions,
): Promise<readonly Listener[]> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, LISTENERS.name);
  const result = await runScript(remote, LISTENERS, { Wait: wait }, call);
  return answer.list(result).map((row) => listener(answer, ejabberd, row));
}

/** What accepts owns the socket: terminated it closes, so that clients are refused and cannot wait. */
function listener(answer: Answer, version: string, row: Term): Listener {
  const [ref, sup, child, conns, module, hung] = answer.tuple(row, 6);
  const supervisor = answer.pid(sup);
  const pid = answer.maybePid(child);
  const unanswered = answer.list(hung).map((one) => answer.pid(one));
  const known = !(child instanceof Atom) || child.name !== "unknown";
  const place: Place = { supervisor, id: ref as Term };
  const acceptors: readonly Acceptor[] = known ? [{ ...place, pid, frozen: false }] : [];
  const protocol = answer.atom(module);
  return {
    ref: ref as Term,
    name: inspect(ref as Term),
    kind: "ejabberd",
    pid: supervisor,
    supervisors: {
      listener: supervisor,
      connections: answer.list(conns).map((one) => answer.pid(one)),
      acceptors: known ? supervisor : undefined,
    },
    address: known && pid === undefined ? undefined : ownAddress(ref),
    status: statusOf(unanswered, pid !== undefined, acceptors),
    acceptors,
    stops: { hold: [], refuse: pid === undefined ? [] : [place] },
    application: "ejabberd",
    embedded: false,
    protocol: protocol === "none" ? undefined : protocol,
    unanswered,
    evidence: `ejabberd ${version}, under ejabberd_listener`,
  };
}

// {Port, IP, Transport}; in the place of a Unix socket's port is its path.
function ownAddress(ref: Term | undefined): Listener["address"] {
  const [port, ip] = ref instanceof Tuple ? ref.items : [];
  return port === undefined || ip === undefined ? undefined : addressOf(tuple(ip, port));
}

// The table holds the options too, with the paths of certificates: they are not taken. It does not forget a listener that is terminated,
// and it is all there is while the supervisor does not answer.
const LISTENERS: Script = new Script({
  name: "ejabberd_listeners",
  bindings: ["Wait"],
  readOnly: true,
  source: `
${BATCH}
${MODULE_SUPERVISORS}
Top = whereis(ejabberd_listener),
Modules = maps:from_list([{Ref, Module} || [Ref, Module] <- ets:match(ejabberd_listener, {'$1', '$2', '_'})]),
Listed = case Children([Sup || Sup <- [Top], is_pid(Sup)], Now() + Wait) of
    [{_, Kids}] when is_list(Kids) -> [{Ref, case is_pid(Pid) of true -> Pid; false -> none end} || {Ref, Pid, _, _} <- Kids];
    [{_, timeout}] -> [{Ref, unknown} || Ref <- maps:keys(Modules)];
    _ -> []
end,
Conns = [{Ref, Sup} || {Ref, _} <- Listed, Sup <- SupsOf(Ref)],
Hung = [Sup || {Sup, timeout} <- Counts(lists:usort([Sup || {_, Sup} <- Conns]), Now() + Wait)],
[begin
    Own = [Sup || {Of, Sup} <- Conns, Of =:= Ref],
    {Ref, Top, Pid, Own, maps:get(Ref, Modules, none), [Top || Pid =:= unknown] ++ [Sup || Sup <- Own, lists:member(Sup, Hung)]}
end || {Ref, Pid} <- lists:sort(Listed)]`,
});
