/** OTP's `sys`: which processes are suspended. Suspending and resuming itself is the node's `systemMessage`, or the guardian's. */

import { atom, type Pid } from "../term/index.ts";
import { Answer } from "./answer.ts";
import { BATCH } from "./batch.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** Options of {@link leftSuspended}. */
export interface LeftSuspendedOptions extends CallOptions {
  /** Only these are looked at. Default all processes of the node. */
  readonly among?: readonly Pid[];
  /**
   * Whether hibernating processes are asked too, in milliseconds for all of them together. A suspended one shows nothing from outside, and
   * asking wakes it. Default 2000; 0 asks none.
   */
  readonly wait?: number;
}

/**
 * The processes that are suspended now, whoever did it: read without a message where the process shows it, by `sys:get_status`
 * where it hibernates. Read-only; one pass over all processes.
 * @example
 * import { leftSuspended } from "beamctl";
 *
 * for (const pid of await leftSuspended(node)) console.log(`${pid} is suspended`);
 */
export async function leftSuspended(
  remote: Remote,
  options: LeftSuspendedOptions = {},
): Promise<Pid[]> {
  const { wait = 2000, timeout = wait + 10_000, among, signal } = options;
  const bindings = { Wait: wait, Among: among ?? atom("all") };
  const result = await runScript(remote, SUSPENDED, bindings, { timeout, signal });
  const answer = new Answer(remote, SUSPENDED.name);
  return answer.list(result).map((pid) => answer.pid(pid));
}

const SUSPENDED: Script = new Script({
  name: "left_suspended",
  bindings: ["Wait", "Among"],
  readOnly: true,
  source: `
${BATCH}
Until = Now() + Wait,
%% A pid of an earlier life of the node is a bad argument.
Seen = [{Pid, case try process_info(Pid, current_function) catch error:_ -> undefined end of
    {_, {sys, suspend_loop, _}} -> suspended;
    {_, {erlang, hibernate, _}} -> hibernates;
    _ -> runs
end} || Pid <- case Among of all -> processes(); _ -> [Pid || Pid <- Among, node(Pid) =:= node()] end, Pid =/= self()],
%% A plain process would keep the question in its mailbox for ever: only those of OTP are asked.
Asleep = [Pid || {Pid, hibernates} <- Seen, Wait > 0,
                 proc_lib:translate_initial_call(Pid) =/= {proc_lib, init_p, 5}],
[Pid || {Pid, suspended} <- Seen] ++ [Pid || {Pid, {_, suspended}} <- Statuses(Asleep, Until)]`,
});
