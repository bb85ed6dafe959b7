/** Who went away while it was held: looked up after the resume, without a message to anybody. */

import { Answer, type Remote, runScript, Script } from "../../otp/index.ts";
import type { Pid } from "../../term/index.ts";

/** Processes that one call looks at. */
const BATCH = 1_000;
const PATIENCE = 10_000;

/** How many websockets have lost their client, over these transports. Each stands for one. */
export async function clientsLeft(remote: Remote, transports: readonly Pid[]): Promise<number> {
  return countOf(remote, transports, 1);
}

/** How many of these processes are gone. */
export function gone(remote: Remote, pids: readonly Pid[]): Promise<number> {
  return countOf(remote, pids, 0);
}

async function countOf(remote: Remote, pids: readonly Pid[], at: 0 | 1): Promise<number> {
  const each = [...new Map(pids.map((pid) => [String(pid), pid])).values()];
  const answer = new Answer(remote, LEFT.name);
  let count = 0;
  for (let start = 0; start < each.length; start += BATCH) {
    const batch = { Pids: each.slice(start, start + BATCH) };
    const counts = await runScript(remote, LEFT, batch, { timeout: PATIENCE });
    count += answer.integer(answer.tuple(counts, 2)[at]);
  }
  return count;
}

// A client that went away is seen by its process when that runs: then it ends. While it works off what waits, its socket tells: the state of
// TCP in Linux is the first byte of option 11 (TCP_INFO) of protocol 6, 1 is "established". A port that is closed is linked no more.
const LEFT: Script = new Script({
  name: "clients_left",
  bindings: ["Pids"],
  readOnly: true,
  source: `
Linux = erlang:system_info(os_type) =:= {unix, linux},
Open = fun(Port) -> case inet:getopts(Port, [{raw, 6, 11, 1}]) of
    {ok, [{raw, 6, 11, State}]} -> State =:= <<1>>; {ok, []} -> true; {error, _} -> false end end,
Look = fun(Pid) -> case process_info(Pid, links) of
    undefined -> gone;
    {_, Links} -> case [Port || Port <- Links, is_port(Port), erlang:port_info(Port, name) =:= {name, "tcp_inet"}] of
        [Port] when Linux -> case Open(Port) of true -> open; false -> left end;
        _ -> open end
end end,
Seen = lists:map(Look, Pids),
{length([gone || gone <- Seen]), length([left || Of <- Seen, Of =/= open])}`,
});
