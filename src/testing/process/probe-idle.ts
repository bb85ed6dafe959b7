/** Processes that have nothing to do. */

import { UsageError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Script } from "../../otp/index.ts";
import { type Atom, atom, type Term, Tuple } from "../../term/index.ts";
import {
  WAIT_BINDINGS,
  WaitError,
  type Waited,
  type WaitForOptions,
  waitOn,
} from "../wait/wait.ts";
import { BRIEF, IDLE, WAIT, WHEREIS } from "./probe-source.ts";
import {
  addressOf,
  briefText,
  functionText,
  gone,
  labelOf,
  type ProcessName,
  readBrief,
} from "./process-name.ts";

/** Busy processes that a message names. */
const NAMED = 10;

const UNTIL_IDLE: Script = new Script({
  name: "probe_idle",
  bindings: ["Whose", ...WAIT_BINDINGS],
  source: `
${WHEREIS}${BRIEF}${IDLE}${WAIT}
%% Of an application: those whose group leader is its master.
Members = fun() -> case Whose of
    {application, App} -> case application_controller:get_master(App) of
        Master when is_pid(Master) -> {ok, [Pid || Pid <- processes(), process_info(Pid, group_leader) =:= {group_leader, Master}]};
        _ -> not_running
    end;
    {processes, Named} -> case [{At, Whereis(Who)} || {At, Who} <- lists:zip(lists:seq(0, length(Named) - 1), Named)] of
        Found -> case [At || {At, undefined} <- Found] of [] -> {ok, [Pid || {_, Pid} <- Found]}; [At | _] -> {gone, At} end
    end
end end,
%% All idle, and the same ones again at the next look.
Table = ets:new(looks, []),
Busy = fun(Pids) -> [{Pid, What} || Pid <- Pids, What <- [Idle(Pid)], What =/= idle, What =/= gone] end,
Look = fun(_) ->
    case Members() of
        {ok, Pids} -> case Busy(Pids) of
            [] ->
                Before = ets:lookup(Table, idle),
                ets:insert(Table, {idle, Pids}),
                case Before =:= [{idle, Pids}] of true -> {done, length(Pids)}; false -> unstable end;
            Others -> ets:delete(Table, idle), {busy, Others}
        end;
        Other -> {done, Other}
    end
end,
Told = case Wait(Look, Clock() + Time) of
    {late, {busy, Those}, Looks} ->
        {late, {busy, length(Those), [{Brief(By), What} || {By, What} <- lists:sublist(Those, ${NAMED})]}, Looks};
    Found -> Found
end,
ets:delete(Table),
Told`,
});

/** Whose idleness is waited for. */
export type Whose =
  | { readonly application: string }
  | { readonly processes: readonly ProcessName[] };

/** Waits until all are idle at two looks in a row; resolves to how many they are. */
export async function probeIdle(
  node: BeamNode,
  whose: Whose,
  options: WaitForOptions,
): Promise<number> {
  const given =
    "application" in whose
      ? new Tuple([atom("application"), atom(whose.application)])
      : new Tuple([atom("processes"), whose.processes.map(addressOf)]);
  const waited = await waitOn(node, UNTIL_IDLE, { Whose: given }, options);
  const { value } = waited;
  if (!waited.done) throw lateIdle(node.name, whose, waited);
  if (typeof value === "number") return value;
  if (value instanceof Tuple && "processes" in whose) {
    throw gone(whose.processes[value.items[1] as number] as ProcessName, node.name);
  }
  throw notRunning(node.name, whose);
}

function notRunning(node: string, whose: Whose): UsageError {
  const name = "application" in whose ? whose.application : "";
  return new UsageError(`the application ${name} does not run on ${node}`, {
    node,
    remedy: "Check its name (an application is named as in mix.exs: my_app), and start it first.",
  });
}

function lateIdle(node: string, whose: Whose, { value, looks, timeout }: Waited): WaitError {
  const names = "application" in whose ? `the application ${whose.application}` : namesOf(whose);
  const about = { node, milliseconds: timeout, looks };
  const start = `${names} of ${node} did not become idle within ${timeout} ms (${looks} looks)`;
  const [tag, count, busy] = value instanceof Tuple ? value.items : [];
  if (tag !== atom("busy")) return new WaitError(`${start}: its processes came and went`, about);
  const lines = (busy as readonly Term[]).map((row) => `\n  ${busyText(row)}`);
  const more = (count as number) - lines.length;
  const rest = more > 0 ? `\n  and ${more} more` : "";
  return new WaitError(`${start}; busy:${lines.join("")}${rest}`, about);
}

function namesOf({ processes }: { readonly processes: readonly ProcessName[] }): string {
  const more = processes.length - 5;
  return processes.slice(0, 5).map(labelOf).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** `{Brief, {Status, Queue, {M, F, A}}}` */
function busyText(row: Term): string {
  const [brief, what] = (row as Tuple).items;
  const [status, queue, current] = (what as Tuple).items;
  const place = functionText(current);
  const count = Number(queue);
  const waiting = `${count} ${count === 1 ? "message" : "messages"} in its mailbox`;
  return `${briefText(readBrief(brief as Term))}: ${(status as Atom).name}${place === undefined ? "" : ` in ${place}`}, ${waiting}`;
}
