/** Waiting until a process has been started again. */

import type { BeamNode } from "../../node/index.ts";
import { runScript, Script } from "../../otp/index.ts";
import { Atom, inspect, Pid, type Term, Tuple } from "../../term/index.ts";
import {
  WAIT_BINDINGS,
  WaitError,
  type Waited,
  type WaitForOptions,
  waitOn,
} from "../wait/wait.ts";
import { KIN } from "./kin-source.ts";
import { WAIT, WHEREIS } from "./probe-source.ts";
import { addressOf, gone, labelOf, type ProcessName } from "./process-name.ts";

/** A process before and after its restart. */
export interface Restarted {
  readonly old: Pid;
  readonly pid: Pid;
}

/** A process, and where its supervisor has it. */
interface Found {
  readonly pid: Pid;
  /** `{Supervisor, Key}`, or `none`. */
  readonly kin: Term;
}

const FIND: Script = new Script({
  name: "probe_kin",
  bindings: ["Who"],
  source: `${WHEREIS}${KIN}case Whereis(Who) of undefined -> gone; Pid -> {Pid, KinOf(Pid)} end`,
});

const RESTARTED: Script = new Script({
  name: "probe_restarted",
  bindings: ["Who", "Old", "Kin", ...WAIT_BINDINGS],
  source: `
${WHEREIS}${WAIT}${KIN}
Told = fun(Left) -> case Kin of none -> unsupervised; _ -> Fate(Kin, Old, Left) end end,
Look = fun(Left) ->
    case is_pid(Who) of
        true -> case Told(Left) of
            {restarted, New} -> {done, New};
            Final when Final =:= gave_up; Final =:= unsupervised -> {done, Final};
            Other -> Other
        end;
        false -> case Whereis(Who) of undefined -> Told(Left); Old -> same; New -> {done, New} end
    end
end,
Wait(Look, Clock() + Time)`,
});

/** The process, and where its supervisor has it. */
export async function findKin(node: BeamNode, name: ProcessName): Promise<Found> {
  const found = await runScript(node, FIND, { Who: addressOf(name) });
  if (!(found instanceof Tuple)) throw gone(name, node.name);
  return { pid: found.items[0] as Pid, kin: found.items[1] as Term };
}

/** Waits until it is there under another pid. */
export async function untilRestarted(
  node: BeamNode,
  name: ProcessName,
  { pid: old, kin }: Found,
  options: WaitForOptions,
): Promise<Restarted> {
  const bindings = { Who: addressOf(name), Old: old, Kin: kin };
  const waited = await waitOn(node, RESTARTED, bindings, options);
  if (waited.value instanceof Pid) return { old, pid: waited.value };
  throw notRestarted(node.name, name, old, waited);
}

const WORDS: Readonly<Record<string, string>> = {
  same: "it still is the same process",
  restarting: "its supervisor tries to start it, which fails",
  busy: "its supervisor does not answer",
  stopped: "its supervisor let it end",
  gave_up: "its supervisor gave up and ended",
  unsupervised: "no supervisor has it as a child",
};

function notRestarted(node: string, name: ProcessName, old: Pid, waited: Waited): WaitError {
  const { value, looks, timeout } = waited;
  const label = name instanceof Pid ? labelOf(name) : `${labelOf(name)} (${inspect(old)})`;
  const why = value instanceof Atom ? WORDS[value.name] : undefined;
  const when = waited.done ? "" : ` within ${timeout} ms`;
  const message = `${label} of ${node} was not started again${when}: ${why ?? inspect(value)}`;
  return new WaitError(message, { node, milliseconds: timeout, looks });
}
