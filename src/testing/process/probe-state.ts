/** The state of a process, once it is as a test wants it. */

import { UsageError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Script } from "../../otp/index.ts";
import { Atom, atom, inspect, Pid, type Term, Tuple } from "../../term/index.ts";
import { MATCHES, MATCHES_BINDINGS, matchForm } from "../terms/pattern-form.ts";
import { shown } from "../terms/pattern-text.ts";
import type { TermPattern } from "../terms/term-pattern.ts";
import {
  WAIT_BINDINGS,
  WaitError,
  type Waited,
  type WaitForOptions,
  waitOn,
} from "../wait/wait.ts";
import { IS_OTP, WAIT, WHEREIS } from "./probe-source.ts";
import { addressOf, gone, labelOf, type ProcessName } from "./process-name.ts";

const STATE: Script = new Script({
  name: "probe_state",
  bindings: ["Who", "Once", ...WAIT_BINDINGS, ...MATCHES_BINDINGS],
  source: `
${WHEREIS}${IS_OTP}${WAIT}
${MATCHES}
Missing = case Once orelse is_pid(Who) of true -> {done, gone}; false -> gone end,
State = fun(Pid, Left) ->
    try sys:get_state(Pid, Left) of
        Seen -> case Matches(Seen) of true -> {done, {state, Seen}}; false -> {state, Pid, Seen} end
    catch
        exit:{timeout, _} -> {busy, Pid, try element(2, process_info(Pid, current_function)) catch error:_ -> undefined end};
        exit:_ -> gone
    end
end,
Look = fun(Left) ->
    case Whereis(Who) of
        undefined -> Missing;
        Pid -> case {IsOtp(Pid), is_process_alive(Pid)} of {true, _} -> State(Pid, Left); {_, true} -> {done, plain}; _ -> Missing end
    end
end,
case Wait(Look, Clock() + Time) of
    %% A state of more than some 800 kB is not sent to be shown.
    {late, {state, By, Last}, Looks} ->
        case erts_debug:flat_size(Last) > 100000 of true -> {late, {large, By}, Looks}; false -> {late, {state, By, Last}, Looks} end;
    Other -> Other
end`,
});

/** The state; with a pattern, once it matches. */
export async function probeState(
  node: BeamNode,
  name: ProcessName,
  pattern: TermPattern | undefined,
  options: WaitForOptions,
): Promise<Term> {
  const bindings = {
    Who: addressOf(name),
    Once: atom(String(pattern === undefined)),
    ...matchForm(pattern),
  };
  const waited = await waitOn(node, STATE, bindings, options);
  const found = waited.value;
  if (!waited.done) throw lateState(node.name, name, pattern, waited);
  if (found instanceof Tuple) return found.items[1] as Term;
  if (found === atom("gone")) throw gone(name, node.name);
  throw notOtp(node.name, name);
}

/** The error of a process that no system message can be sent to. */
export function notOtp(node: string, name: ProcessName): UsageError {
  return new UsageError(
    `the process ${labelOf(name)} of ${node} has no state: it is no OTP process`,
    {
      node,
      remedy: "Only gen_server, gen_statem, supervisors and others started by proc_lib have one.",
    },
  );
}

function lateState(
  node: string,
  name: ProcessName,
  pattern: TermPattern | undefined,
  { value, looks, timeout }: Waited,
): WaitError {
  const label = labelOf(name);
  const [tag, pid, last] = value instanceof Tuple ? value.items : [value];
  const about = { node, milliseconds: timeout, looks };
  const waited = `within ${timeout} ms (${looks} ${looks === 1 ? "look" : "looks"})`;
  const kind = tag instanceof Atom ? tag.name : "";
  if (kind === "gone")
    return new WaitError(`there was no process ${label} of ${node} ${waited}`, about);
  const who = name instanceof Pid ? label : `${label} (${inspect(pid as Term)})`;
  if (kind === "busy") {
    const where = last instanceof Tuple ? `, it is in ${shown(last)}` : "";
    return new WaitError(`${who} of ${node} did not tell its state ${waited}${where}`, about);
  }
  const wanted = `${who} of ${node} had no state that matches ${String(pattern)} ${waited}`;
  if (kind === "large") return new WaitError(`${wanted}; the last is too large to be shown`, about);
  const mismatch = pattern?.explain(last as Term);
  const place = mismatch?.path ? `\nat ${mismatch.path}` : "";
  const why =
    mismatch === undefined ? "" : `\nexpected: ${mismatch.expected}\ngot: ${mismatch.got}`;
  const state = `\nstate: ${shown(last, pattern?.syntax)}`;
  return new WaitError(`${wanted}${place}${why}${state}`, { ...about, last });
}
