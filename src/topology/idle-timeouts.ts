/** After how long without a sign of its client a connection is closed by the server: read, not guessed. */

import { Answer, BATCH, type CallOptions, type Remote, runScript, Script } from "../otp/index.ts";
import type { Connection } from "./socket.ts";

/** An idle timeout of a listener, in milliseconds. */
export interface IdleTimeout {
  /** The listener's name. */
  readonly listener: string;
  readonly timeout: number;
}

/** Websockets of each listener that are asked: those of one listener are configured alike. */
const ASKED = 8;

/**
 * The shortest idle timeout of each listener's websockets: Cowboy's `idle_timeout` and the `read_timeout` of Thousand Island, by asking a few of them for
 * their status. Of it only that number leaves the node; a listener that shows none is left out. Read-only; one message to each that is asked.
 */
export async function idleTimeouts(
  remote: Remote,
  connections: readonly Pick<Connection, "pid" | "listener" | "kind" | "stop">[],
  options?: CallOptions,
): Promise<IdleTimeout[]> {
  const asked = new Map<string, Connection["pid"][]>();
  for (const { pid, listener, kind, stop } of connections) {
    if (kind !== "websocket" || stop !== "suspend") continue;
    const own = asked.get(listener) ?? [];
    asked.set(listener, own);
    if (own.length < ASKED) own.push(pid);
  }
  const answer = new Answer(remote, TIMEOUTS.name);
  const found: IdleTimeout[] = [];
  for (const [listener, pids] of asked) {
    const result = await runScript(remote, TIMEOUTS, { Pids: pids, Wait: 1_000 }, options);
    const timeouts = answer.list(result).map((one) => answer.integer(one));
    if (timeouts.length > 0) found.push({ listener, timeout: Math.min(...timeouts) });
  }
  return found;
}

// Cowboy keeps a map of options in its state, Thousand Island a struct of its socket: both lie at most two levels deep.
const TIMEOUTS: Script = new Script({
  name: "idle_timeouts",
  bindings: ["Pids", "Wait"],
  readOnly: true,
  source: `
${BATCH}
Of = fun(#{idle_timeout := Time}) when is_integer(Time), Time > 0 -> [Time];
        (#{read_timeout := Time}) when is_integer(Time), Time > 0 -> [Time];
        (_) -> []
end,
Shallow = fun Shallow(_, 0) -> [];
              Shallow(Term, Depth) when is_tuple(Term) ->
        lists:append([Of(element(At, Term)) ++ Shallow(element(At, Term), Depth - 1) || At <- lists:seq(1, min(40, tuple_size(Term)))]);
              Shallow(Term, _) -> Of(Term)
end,
Read = fun(Misc) when is_tuple(Misc) -> Shallow(Misc, 2);
          (Misc) when is_list(Misc) -> lists:append([Shallow(State, 2) || {data, Data} <- Misc, is_list(Data), {"State", State} <- Data]);
          (_) -> []
end,
Small = [Pid || Pid <- Pids, case process_info(Pid, memory) of {_, Bytes} -> Bytes < 8000000; undefined -> false end],
Asked = [gen:send_request(Pid, system, get_status) || Pid <- Small],
Until = Now() + Wait,
lists:append([case gen:wait_response(Request, max(0, Until - Now())) of
    {reply, {status, _, _, [_, _, _, _, Misc]}} -> Read(Misc);
    _ -> [] end || Request <- Asked])`,
});
