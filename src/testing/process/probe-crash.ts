/** Ending a process on purpose, while others are watched. */

import { UsageError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer, Script } from "../../otp/index.ts";
import { Atom, atom, type Term, Tuple, tuple } from "../../term/index.ts";
import { WAIT_BINDINGS, WaitError, type WaitForOptions, waitOn } from "../wait/wait.ts";
import { CrashOutcome, type SupervisorDecision } from "./crash-outcome.ts";
import { KIN } from "./kin-source.ts";
import { BRIEF, IDLE, IS_OTP, WAIT, WHEREIS } from "./probe-source.ts";
import { addressOf, gone, labelOf, type ProcessName, readBrief } from "./process-name.ts";

/**
 * How a process is made to end: `"kill"` by an exit signal that nothing stops; `"raise"` as if its callback had raised a RuntimeError; `"exit"` as if it
 * had exited with `:beamctl_crash`; or with a reason; or by what is called, cast or sent, in which its own code fails.
 */
export type CrashWay =
  | "kill"
  | "raise"
  | "exit"
  | { readonly reason: Term }
  | { readonly call: Term }
  | { readonly cast: Term }
  | { readonly send: Term };

/** Options of a crash. */
export interface CrashOptions extends WaitForOptions {
  /** Whose processes are watched: those of these applications, or of the whole node. Default: of the application that the process belongs to, if any, else of the node. */
  readonly watch?: readonly string[] | "node" | undefined;
  /** Milliseconds for which the others are watched after the supervisor's decision, at most 2000. Default 50. */
  readonly settle?: number | undefined;
}

const CRASH: Script = new Script({
  name: "probe_crash",
  bindings: ["Who", "Way", "Watch", "Settle", ...WAIT_BINDINGS],
  source: `
${WHEREIS}${IS_OTP}${BRIEF}${IDLE}${WAIT}${KIN}
Micro = fun() -> erlang:monotonic_time(microsecond) end,
Until = Clock() + Time,
MastersOf = fun(Apps) -> [{group_leader, Master} || App <- Apps, Master <- [application_controller:get_master(App)], is_pid(Master)] end,
Watched = fun(Pid) ->
    Apps = case {Watch, application:get_application(Pid)} of
        {default, {ok, Own}} -> [Own]; {default, _} -> node; _ -> Watch
    end,
    All = [Each || Each <- processes(), Each =/= Pid, Each =/= self()],
    case Apps of
        %% Calls of others come and go.
        node -> [Each || Each <- All, case process_info(Each, initial_call) of {_, {erpc, _, _}} -> false; undefined -> false; _ -> true end];
        _ -> Masters = MastersOf(Apps), [Each || Each <- All, lists:member(process_info(Each, group_leader), Masters)]
    end
end,
%% Reasons may hold a state: what is large is left out.
Small = fun(Reason) -> case erts_debug:flat_size(Reason) > 20000 of
    true when tuple_size(Reason) > 0 -> {element(1, Reason), '...'}; true -> '...'; false -> Reason
end end,
%% A task has the same start as an agent, but takes no system messages.
TakesSystem = fun(Pid) -> case {proc_lib:translate_initial_call(Pid), process_info(Pid, [current_function, current_stacktrace])} of
    {{proc_lib, init_p, 5}, _} -> false;
    {{_, init, 1}, _} -> true;
    {{Module, _, _}, _} when Module =:= supervisor; Module =:= supervisor_bridge; Module =:= gen_event -> true;
    {_, [{_, Current}, {_, Stack}]} -> InLoop(Current) orelse HasFrame(Stack, [gen_server, gen_statem, gen_event, sys]);
    _ -> false
end end,
End = fun(Pid, Reason) -> case TakesSystem(Pid) of
    true -> try sys:terminate(Pid, Reason, max(50, Until - Clock())) catch exit:_ -> ok end;
    false -> exit(Pid, Reason)
end end,
Raised = case code:is_loaded(elixir) of
    false -> {beamctl_crash, []};
    _ -> {#{'__struct__' => 'Elixir.RuntimeError', '__exception__' => true, message => <<"crashed by a test">>}, []}
end,
Cause = fun(Pid) -> case Way of
    kill -> exit(Pid, kill);
    raise -> End(Pid, Raised);
    {reason, Given} -> End(Pid, Given);
    {call, Request} -> try gen_server:call(Pid, Request, max(50, Until - Clock())) catch _:_ -> ok end;
    {cast, Request} -> gen_server:cast(Pid, Request);
    {send, Message} -> Pid ! Message
end end,
Decided = fun(none, _) -> unsupervised;
             (Kin, Pid) ->
    Final = fun(Left) -> case Fate(Kin, Pid, Left) of
        Early when Early =:= same; Early =:= busy; Early =:= restarting -> Early; Told -> {done, Told}
    end end,
    case Wait(Final, Until) of {done, Told, _} -> Told; _ -> undecided end
end,
Downs = fun Downs(Seen) -> receive {'DOWN', Ref, process, _, Cause1} -> Downs([{Ref, Cause1} | Seen]) after 0 -> lists:reverse(Seen) end end,
case Whereis(Who) of
    undefined -> {done, gone, 1};
    Pid ->
        Kin = KinOf(Pid),
        Crashed = Brief(Pid),
        Sup = case Kin of none -> none; {By, _} -> Brief(By) end,
        Target = erlang:monitor(process, Pid),
        Others = [{erlang:monitor(process, Each), Brief(Each)} || Each <- Watched(Pid)],
        Begun = Micro(),
        Cause(Pid),
        receive
            {'DOWN', Target, process, _, Why} ->
                Died = Micro(),
                Decision = Decided(Kin, Pid),
                Ended = Micro(),
                timer:sleep(Settle),
                Dead = [{Known, Small(Reason)} || {Ref, Reason} <- Downs([]), Reason =/= normal, Reason =/= noproc,
                                                  {Monitor, Known} <- Others, Monitor =:= Ref],
                {done, {Crashed, Small(Why), Decision, Sup, Died - Begun, Ended - Died, Dead}, 1}
        after max(50, Until - Clock()) -> {late, Crashed, 1}
        end
end`,
});

/** Ends it, and tells what came of that. */
export async function crash(
  node: BeamNode,
  name: ProcessName,
  way: CrashWay,
  { watch, settle = 50, ...options }: CrashOptions,
): Promise<CrashOutcome> {
  const waited = await waitOn(
    node,
    CRASH,
    {
      Who: addressOf(name),
      Way: wayOf(way),
      Watch: typeof watch === "object" ? watch.map(atom) : atom(watch ?? "default"),
      Settle: Math.min(Math.ceil(settle), 2_000),
    },
    options,
  );
  const { done, value, timeout } = waited;
  if (!done) throw alive(node.name, name, way, timeout);
  if (!(value instanceof Tuple)) throw gone(name, node.name);
  const answer = new Answer(node, CRASH.name);
  const [crashed, reason, decision, supervisor, died, decided, others] = answer.tuple(value, 7);
  const [tag, pid] = decision instanceof Tuple ? decision.items : [decision];
  return new CrashOutcome({
    process: { ...readBrief(crashed as Term), reason: reason as Term },
    decision: answer.atom(tag).replace("_", " ") as SupervisorDecision,
    restartedAs: pid === undefined ? undefined : answer.pid(pid),
    supervisor: supervisor instanceof Atom ? undefined : readBrief(supervisor as Term),
    diedAfter: answer.integer(died) / 1000,
    decidedAfter: answer.integer(decided) / 1000,
    others: answer.list(others).map((row) => {
      const [brief, why] = answer.tuple(row, 2);
      return { ...readBrief(brief as Term), reason: why as Term };
    }),
  });
}

function wayOf(way: CrashWay): Term {
  if (way === "exit") return tuple(atom("reason"), atom("beamctl_crash"));
  if (way === "kill" || way === "raise") return atom(way);
  const [kind, ...more] = Object.keys(way);
  if (kind !== undefined && more.length === 0 && KINDS.includes(kind)) {
    return tuple(atom(kind), Object.values(way)[0] as Term);
  }
  throw new UsageError(
    'a crash is "kill", "raise", "exit", or one of { reason }, { call }, { cast } and { send } with a term',
  );
}

const KINDS: readonly string[] = ["reason", "call", "cast", "send"];

function alive(node: string, name: ProcessName, way: CrashWay, timeout: number): WaitError {
  const label = `${labelOf(name)} of ${node}`;
  return new WaitError(
    typeof way === "object" && !("reason" in way)
      ? `${label} did not crash within ${timeout} ms of what it was ${"call" in way ? "called with" : "sent"}`
      : `${label} did not end within ${timeout} ms`,
    { node, milliseconds: timeout, looks: 1 },
  );
}
