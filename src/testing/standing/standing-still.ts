/** Keepers that make processes stand still, by the rules of the guardian about who may. */

import { BeamError } from "../../errors.ts";
import { INSPECTION } from "../../guard/index.ts";
import { Answer } from "../../otp/index.ts";
import type { Pid } from "../../term/index.ts";
import { type KeeperScript, type Kept, keep } from "../keeper.ts";
import { nodeOf, owned, type Target } from "../target.ts";

/** Some processes may not be made to stand still, or did not in time: none of them does. */
export class StandStillError extends BeamError {
  readonly code = "BEAM_DENIED";
  /**
   * `denied` (a supervisor, an event manager, or of the system), `dynamic` (the release handler must be able to ask it), `not_otp` (it takes no system messages),
   * `already_suspended` by somebody else, `noproc`, `timeout`.
   */
  readonly refused: readonly { readonly pid: Pid; readonly reason: string }[];

  constructor(node: string, what: string, refused: StandStillError["refused"], cause?: unknown) {
    const each = refused.map(({ pid, reason }) => `${pid} (${reason})`);
    super(`cannot ${what} ${each.join(", ")}; nothing stands still`, {
      node,
      remedy: "Choose workers of your own application that run now.",
      cause,
    });
    this.refused = refused;
  }
}

/** Holds these processes until it is released. `cap` in milliseconds. @throws StandStillError */
export async function standStill(
  target: Target,
  how: "suspend" | "freeze",
  pids: readonly Pid[],
  cap: number,
): Promise<Kept> {
  const node = nodeOf(target);
  const script = how === "suspend" ? SUSPEND : FREEZE;
  const kept = await keep(node, script, { Asked: pids, Cap: cap });
  const answer = new Answer(node, script.name);
  const refused = answer.list(kept.value).map((row) => {
    const [pid, reason] = answer.tuple(row, 2);
    return { pid: answer.pid(pid), reason: answer.atom(reason) };
  });
  if (refused.length === 0) return owned(target, kept);
  // One that is too busy to be suspended may be too busy to say that it was resumed: the resume waits in its mailbox.
  const cause = await kept.release().catch((error: unknown) => error);
  throw new StandStillError(node.name, how, refused, cause);
}

const INSPECTED = `
Clock = fun() -> erlang:monotonic_time(millisecond) end,
${INSPECTION}
Inspected = fun(How) -> InspectProcesses(How, lists:usort(Asked), [self()], #{}, #{}, 1000) end,
`;

// Who asks also resumes: signals between two processes keep their order, so a resume is never before its suspend. Were this process killed, which
// nobody does, a timer of the node would do it.
const SUSPEND: KeeperScript = {
  name: "suspend",
  bindings: ["Asked", "Cap"],
  setUp: `
${INSPECTED}
{Fit, Refused} = Inspected(suspend),
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
${INSPECTED}
{Fit, Refused} = Inspected(freeze),
Frozen = [Pid || Refused =:= [], Pid <- Fit, try erlang:suspend_process(Pid, [unless_suspending]) catch error:badarg -> false end],
{ok, Timer} = timer:kill_after(Cap),
Refused`,
  undo: `
[try erlang:resume_process(Pid) catch error:badarg -> gone end || Pid <- Frozen],
timer:cancel(Timer)`,
};
