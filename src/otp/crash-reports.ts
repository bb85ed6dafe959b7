/** Errors that a node logs while we watch: counted and shortened on the node, since a crash report holds states and dictionaries. */

import { setTimeout as pause } from "node:timers/promises";
import type { BeamNode, Mailbox } from "../node/index.ts";
import { Atom, atom, type Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import { primaryFilter, SPOKEN } from "./primary-filter.ts";
import { runScript, Script } from "./script.ts";

/** How long (ms) the end of a watch is waited for. */
const PATIENCE = 2_000;

/** One event of level `error` or above. Nothing in it is a state, a message or a text that a program logged. */
export interface CrashReport {
  /**
   * `proc_lib crash`, `gen_server terminate`, `supervisor child_terminated` and the like; `process crash` for a plain process, `crash` for what Elixir's Logger
   * has made text of; `error` for what a program logged.
   */
  readonly kind: string;
  /** Who logged it. */
  readonly pid: Pid | undefined;
  /** The head of the reason, when it is an atom. */
  readonly reason: string | undefined;
  /** The modules that it is about: of the initial call, the stack and the child's start. */
  readonly modules: readonly string[];
}

/** What was logged since the watch began. */
export interface CrashReports {
  readonly count: number;
  /** The first fifty. */
  readonly first: readonly CrashReport[];
}

/** A watch; `await using` ends it. */
export class CrashWatch implements AsyncDisposable {
  readonly #node: BeamNode;
  readonly #mailbox: Mailbox;
  readonly #watcher: Pid;

  /** @internal Use {@link watchCrashes}. */
  constructor(node: BeamNode, mailbox: Mailbox, watcher: Pid) {
    this.#node = node;
    this.#mailbox = mailbox;
    this.#watcher = watcher;
  }

  /**
   * All since the beginning. Default timeout 5000 ms.
   * @throws TimeoutError when the process on the node is gone or busy
   */
  async read(timeout = 5_000): Promise<CrashReports> {
    this.#node.send(this.#watcher, tuple(atom("read"), this.#mailbox.pid));
    const answer = new Answer(this.#node, WATCH.name);
    const [count, first] = answer.tuple(await this.#mailbox.receive({ timeout }), 2);
    return {
      count: answer.integer(count),
      first: answer.list(first).map((row) => {
        const [kind, pid, reason, modules] = answer.tuple(row, 4);
        const why = answer.atom(reason);
        return {
          kind: kindOf(kind as Term),
          pid: answer.maybePid(pid),
          reason: why === "none" ? undefined : why,
          modules: answer.list(modules).map((module) => answer.atom(module)),
        };
      }),
    };
  }

  /** Takes the filter away. Resolves when it is gone from the node, or the link is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#mailbox.close();
    try {
      const patience = pause(PATIENCE, undefined, { ref: false }); // a link that hangs is not waited for
      await Promise.race([this.#node.monitor(this.#watcher).down, patience]);
    } catch {
      // The link is gone, and with it the filter.
    }
  }
}

function kindOf(label: Term): string {
  const parts = label instanceof Tuple ? label.items : [label];
  return parts.map((item) => (item instanceof Atom ? item.name : "error")).join(" ");
}

/**
 * Counts the node's events of level `error` and above from now on. As `logEvents`, by a primary filter of its `logger` that a small process there
 * holds: both go when we close, end or lose the link. Safe on a busy node: who logs an error pays some ten microseconds, everybody else nothing.
 * @throws ScriptError TimeoutError NodeDownError
 */
export async function watchCrashes(node: BeamNode): Promise<CrashWatch> {
  const mailbox = node.mailbox();
  try {
    const answer = new Answer(node, WATCH.name);
    const watcher = answer.pid(await runScript(node, WATCH, { To: mailbox.pid }));
    return new CrashWatch(node, mailbox, watcher);
  } catch (error) {
    mailbox.close();
    throw error;
  }
}

const WATCH: Script = new Script({
  name: "watch_crashes",
  bindings: ["To"],
  source: primaryFilter({
    name: "beamctl_crashes",
    least: "error",
    pass: `
    Counter = counters:new(1, [atomics]),
    Head = fun Head(Atom) when is_atom(Atom) -> Atom;
               Head(Tuple) when is_tuple(Tuple), tuple_size(Tuple) > 0 -> Head(element(1, Tuple));
               Head(#{'__struct__' := Name}) -> Name;
               Head(_) -> none
    end,
    Stack = fun(Frames) when is_list(Frames) -> [M || {M, _, _, _} <- lists:sublist(Frames, 8), is_atom(M)]; (_) -> [] end,
    OfReason = fun({_, Frames}) -> Stack(Frames); (_) -> [] end,
    OfCall = fun({M, _, _}) when is_atom(M) -> [M]; (_) -> [] end,
    Get = fun(Key, List) -> case lists:keyfind(Key, 1, List) of {_, Value} -> Value; _ -> none end end,
    %% Of a report only its label, the head of its reason and names of modules are looked at.
    About = fun({report, #{label := {proc_lib, crash}, report := [Info | _]}}, _) ->
                    {Why, Frames} = case Get(error_info, Info) of {_, Reason, Trace} -> {Reason, Trace}; _ -> {none, []} end,
                    {Head(Why), OfCall(Get(initial_call, Info)) ++ Stack(Frames) ++ OfReason(Why)};
               ({report, #{label := {supervisor, _}, report := Report}}, _) when is_list(Report) ->
                    Child = case Get(offender, Report) of List when is_list(List) -> List; _ -> [] end,
                    Why = Get(reason, Report),
                    {Head(Why), OfCall(Get(mfargs, Child)) ++ OfReason(Why)};
               ({report, #{label := _, reason := Why}}, _) -> {Head(case Why of {_, Inner, Frames} when is_list(Frames) -> Inner; _ -> Why end),
                    OfReason(case Why of {_, Inner, Frames} -> {Inner, Frames}; _ -> Why end)};
               %% A process that OTP knows nothing of: the runtime tells.
               ({"Error in process" ++ _, Told}, #{error_logger := #{emulator := true}}) ->
                    Why = lists:last(Told),
                    {Head(Why), OfReason(Why)};
               (_, _) -> {none, []}
    end,
    Label = fun({report, #{label := {A, B}}}, _) when is_atom(A), is_atom(B) -> {A, B};
               ({"Error in process" ++ _, _}, #{error_logger := #{emulator := true}}) -> {process, crash};
               (_, #{crash_reason := _}) -> crash;
               (_, _) -> error
    end,
    Tell = fun(#{msg := Msg, meta := Meta}) ->
        {Why, Found} = About(Msg, Meta),
        %% Elixir's Logger has turned the report into text, and kept what it was about beside it.
        {Crash, More} = case Meta of #{crash_reason := {Cause, Frames}} -> {Head(Cause), Stack(Frames)}; _ -> {Why, []} end,
        Called = case Meta of #{initial_call := Call} -> OfCall(Call); _ -> [] end,
        Pid = case Meta of #{pid := By} when is_pid(By) -> By; _ -> undefined end,
        Self ! {event, {Label(Msg, Meta), Pid, case Why of none -> Crash; _ -> Why end, lists:usort(Found ++ More ++ Called)}}
    end,
    Pass = fun(Event) ->
        counters:add(Counter, 1, 1),
        case counters:get(Counter, 1) =< 50 of
            true -> try Tell(Event) catch _:_ -> Self ! {event, {error, undefined, none, []}} end;
            false -> many
        end
    end,`,
    loop: `
    Loop = fun Loop(Events) ->
        receive
            {event, Event} -> Loop([Event | Events]);
            {read, To} -> ${SPOKEN}, Self ! {tell, To}, Loop(Events);
            {tell, To} -> erlang:send(To, {counters:get(Counter, 1), lists:reverse(Events)}, [nosuspend, noconnect]), Loop(Events);
            {'DOWN', Watch, process, _, _} -> End()
        end
    end,
    Loop([])`,
  }),
});
