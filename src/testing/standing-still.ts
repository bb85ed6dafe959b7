/** Keepers that make processes stand still, by the rules of the guardian about who may. */

import { BeamError } from "../errors.ts";
import { INSPECTION } from "../guard/index.ts";
import { Answer } from "../otp/index.ts";
import { type Atom, Pid, type Term } from "../term/index.ts";
import { type KeeperScript, type Kept, keep } from "./keeper.ts";
import { nodeOf, owned, type Target } from "./target.ts";

/** Some processes may not be made to stand still, or did not in time: none of them does. */
export class StandStillError extends BeamError {
  readonly code = "BEAM_DENIED";
  /**
   * `denied` (a supervisor, an event manager, or of the system), `dynamic` (the release handler must be able to ask it), `not_otp` (it takes no system messages),
   * `already_suspended` by somebody else, `noproc`, `timeout`.
   */
  readonly refused: readonly { readonly process: Pid | string; readonly reason: string }[];

  constructor(node: string, what: string, refused: StandStillError["refused"]) {
    const each = refused.map(({ process, reason }) => `${process} (${reason})`);
    super(`cannot ${what} ${each.join(", ")}; nothing stands still`, {
      node,
      remedy: "Choose workers of your own application that run now.",
    });
    this.refused = refused;
  }
}

/** Holds these processes until it is released. `cap` in milliseconds. @throws StandStillError */
export async function standStill(
  target: Target,
  how: "suspend" | "freeze",
  processes: readonly (Pid | Atom)[],
  cap: number,
): Promise<Kept> {
  const node = nodeOf(target);
  const script = how === "suspend" ? SUSPEND : FREEZE;
  const kept = await keep(node, script, { Asked: processes, Cap: cap });
  const answer = new Answer(node, script.name);
  const refused = answer.list(kept.value).map((row) => {
    const [process, reason] = answer.tuple(row, 2);
    return { process: nameOf(process as Term), reason: answer.atom(reason) };
  });
  if (refused.length === 0) return owned(target, kept);
  await kept.release();
  throw new StandStillError(node.name, how, refused);
}

function nameOf(term: Term): Pid | string {
  return term instanceof Pid ? term : String(term);
}

const CHOSEN = `
Clock = fun() -> erlang:monotonic_time(millisecond) end,
${INSPECTION}
Chosen = [{Name, case is_atom(Name) of true -> whereis(Name); false -> Name end} || Name <- lists:usort(Asked)],
Nobody = [{Name, noproc} || {Name, undefined} <- Chosen],
Inspected = fun(How) -> InspectProcesses(How, [Pid || {_, Pid} <- Chosen, is_pid(Pid)], [self()], #{}, #{}, 1000) end,
`;

// Who asks also resumes: signals between two processes keep their order, so a resume is never before its suspend. Were this process killed, which
// nobody does, a timer of the node would do it.
const SUSPEND: KeeperScript = {
  name: "suspend",
  bindings: ["Asked", "Cap"],
  setUp: `
${CHOSEN}
{Fit, Unfit} = Inspected(suspend),
Refused = Nobody ++ Unfit,
Ask = fun(What, Pids, Wait) ->
    Until = Clock() + Wait,
    [Pid ! {system, {self(), {beamctl, What, Pid}}, What} || Pid <- Pids],
    [Pid || Pid <- Pids, receive {{beamctl, What, Pid}, ok} -> false after max(0, Until - Clock()) -> true end]
end,
Resumes = lists:duplicate(length(Fit), {system, {beamctl_backstop, resumed}, resume}),
Backstop = fun() -> {ok, Timer} = timer:apply_after(Cap, lists, zipwith, [fun erlang:send/2, Fit, Resumes]), Timer end,
{Halted, Late, Timers} = case Refused of
    [] -> Armed = [Backstop()], {Fit, Ask(suspend, Fit, 1000), Armed};
    _ -> {[], [], []}
end,
Refused ++ [{Pid, timeout} || Pid <- Late]`,
  undo: `
Silent = Ask(resume, Halted, 2000),
[timer:cancel(Timer) || Timer <- Timers],
case [Pid || Pid <- Silent, is_process_alive(Pid)] of [] -> ok; _ -> erlang:error(not_resumed) end`,
};

// The runtime resumes what a process suspends when that process ends, however it ends: that is the backstop.
const FREEZE: KeeperScript = {
  name: "freeze",
  bindings: ["Asked", "Cap"],
  setUp: `
${CHOSEN}
{Fit, Unfit} = Inspected(freeze),
Refused = Nobody ++ Unfit,
Frozen = [Pid || Refused =:= [], Pid <- Fit, try erlang:suspend_process(Pid, [unless_suspending]) catch error:badarg -> false end],
{ok, Timer} = timer:kill_after(Cap),
Refused`,
  undo: `
[try erlang:resume_process(Pid) catch error:badarg -> gone end || Pid <- Frozen],
timer:cancel(Timer)`,
};
