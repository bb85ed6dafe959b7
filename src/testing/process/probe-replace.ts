/** The state of a process, replaced for a test. */

import { UsageError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { runScript, Script } from "../../otp/index.ts";
import { atom, type Pid, type Term, tuple } from "../../term/index.ts";
import { type KeeperScript, type Kept, keep } from "../keeper.ts";
import { WaitError } from "../wait/wait.ts";
import { IS_OTP } from "./probe-source.ts";
import { notOtp, probeState } from "./probe-state.ts";
import { gone, labelOf, type ProcessName } from "./process-name.ts";

/** A state, or a function that makes it of the one before. */
export type NextState = Term | ((state: Term) => Term);

/** How a state is replaced. */
export interface ReplaceStateOptions {
  /** Milliseconds for the process to take it. Default 5000. */
  readonly timeout?: number | undefined;
  /** Whether the former state is put back on release. Default `false`. */
  readonly revert?: boolean | undefined;
}

/** Most times that a function is asked again because the state had changed meanwhile. */
const TRIES = 10;

// Binds `Told` and, when that is `ok`, the state before as `Was`.
const REPLACE = `
${IS_OTP}
Self = self(),
Tag = make_ref(),
Told = case {is_process_alive(Pid), IsOtp(Pid), proc_lib:translate_initial_call(Pid)} of
    {false, _, _} -> gone;
    {_, false, _} -> plain;
    {_, _, {gen_event, _, _}} -> events;
    _ ->
        %% One that takes it too late, when nobody waits any more, leaves its state as it is.
        Until = erlang:monotonic_time(millisecond) + Time,
        Replace = fun(State) ->
            case is_process_alive(Self) andalso erlang:monotonic_time(millisecond) < Until of
                true -> case How of
                    {put, New} -> Self ! {Tag, State}, New;
                    {swap, Before, New} when Before =:= State -> Self ! {Tag, State}, New;
                    _ -> State
                end;
                false -> State
            end
        end,
        try sys:replace_state(Pid, Replace, Time + 500) of _ -> receive {Tag, Old} -> put(beamctl_was, Old), ok after 0 -> changed end
        catch exit:{timeout, _} -> busy; exit:_ -> gone end
end,
Was = erase(beamctl_was),
`;

const BINDINGS = ["Pid", "How", "Time"];

const ONCE: Script = new Script({
  name: "replace_state",
  bindings: BINDINGS,
  source: `${REPLACE}Told`,
});

const KEPT: KeeperScript = {
  name: "replace_state",
  bindings: BINDINGS,
  setUp: `${REPLACE}Told`,
  // A process that has ended was started anew with a state of its own.
  undo: `case Told =:= ok andalso is_process_alive(Pid) of
    true -> try sys:replace_state(Pid, fun(_) -> Was end, Time) catch exit:{Why, _} when Why =/= timeout -> ended end;
    false -> ok
end`,
};

/** Replaces it; with `revert` resolves to what puts the former one back. */
export async function replaceState(
  node: BeamNode,
  name: ProcessName,
  pid: Pid,
  next: NextState,
  { timeout = 5_000, revert = false }: ReplaceStateOptions,
): Promise<Kept | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const how = await howOf(node, pid, next, timeout);
    const bindings = { Pid: pid, How: how, Time: timeout };
    const wait = { timeout: timeout + 5_000 };
    const kept = revert ? await keep(node, KEPT, bindings, wait) : undefined;
    const told = kept?.value ?? (await runScript(node, ONCE, bindings, wait));
    if (told === atom("ok")) return kept;
    await kept?.release();
    if (told !== atom("changed")) throw refused(node, name, told, timeout);
  }
  throw new WaitError(
    `the state of ${labelOf(name)} of ${node.name} changed ${TRIES} times while the next one was made of it`,
    { node: node.name, milliseconds: timeout, looks: TRIES },
  );
}

async function howOf(node: BeamNode, pid: Pid, next: NextState, timeout: number): Promise<Term> {
  if (typeof next !== "function") return tuple(atom("put"), next);
  const before = await probeState(node, pid, undefined, { timeout });
  return tuple(atom("swap"), before, next(before));
}

function refused(node: BeamNode, name: ProcessName, told: Term, timeout: number): Error {
  if (told === atom("gone")) return gone(name, node.name);
  if (told === atom("plain")) return notOtp(node.name, name);
  const label = `${labelOf(name)} of ${node.name}`;
  if (told === atom("busy")) {
    const message = `${label} did not take another state within ${timeout} ms; it keeps its own`;
    return new WaitError(message, { node: node.name, milliseconds: timeout, looks: 1 });
  }
  return new UsageError(`${label} is an event manager, which has a state for each handler`, {
    node: node.name,
    remedy: "Replace the states of its handlers by sys:replace_state/2 in an eval.",
  });
}
