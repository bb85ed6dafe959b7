/** One look at all processes: who is suspended, and who stands in code that the upgrade replaces. */

import { Answer, BATCH, runScript, Script } from "../../otp/index.ts";
import { changedModules } from "../../relup/index.ts";
import { Atom, atom, inspect, type Pid, type Term } from "../../term/index.ts";
import type { Given } from "./given.ts";

/** A suspended process. */
export interface SuspendedProcess {
  readonly pid: Pid;
  /** `sys`: by `sys:suspend/1`. `frozen`: by `erlang:suspend_process/1`, by the process `by`. */
  readonly how: "sys" | "frozen";
  readonly by: Pid | undefined;
  /** Its registered name, or what it was started as. */
  readonly name: string;
  readonly application: string | undefined;
  readonly supervisor: boolean;
}

/** What {@link surveyOf} saw. */
export interface Survey {
  /** All of them are counted, the first 50 named. */
  readonly suspended: { readonly count: number; readonly named: readonly SuspendedProcess[] };
  /** By changed module the processes that stand in its code: on their stack, other than in a server's loop. */
  readonly standing: readonly {
    readonly module: string;
    readonly count: number;
    readonly pids: readonly Pid[];
  }[];
}

const surveys = new WeakMap<Given, Promise<Survey>>();

/**
 * Looks at every process once, for all checks of an upgrade. Ten thousand cost some tenths of a second of one scheduler. Of hibernating ones
 * a hundred are asked: a suspended one that hibernates shows nothing from outside.
 */
export function surveyOf(given: Given): Promise<Survey> {
  const known = surveys.get(given);
  if (known !== undefined) return known;
  const fresh = survey(given);
  surveys.set(given, fresh);
  return fresh;
}

async function survey({ remote, path, call }: Given): Promise<Survey> {
  const answer = new Answer(remote, SURVEY.name);
  const bindings = { Modules: changedModules(path.instructions).map(atom) };
  const result = await runScript(remote, SURVEY, bindings, { timeout: 30_000, ...call });
  const [count, rows, standing] = answer.tuple(result, 3);
  return {
    suspended: {
      count: answer.integer(count),
      named: answer.list(rows).map((row) => {
        const [pid, how, by, name, application, supervisor] = answer.tuple(row, 6);
        const app = answer.atom(application);
        return {
          pid: answer.pid(pid),
          how: answer.atom(how) as "sys" | "frozen",
          by: by instanceof Atom ? undefined : answer.pid(by),
          name: nameOf(name as Term),
          application: app === "undefined" ? undefined : app,
          supervisor: answer.boolean(supervisor),
        };
      }),
    },
    standing: answer.list(standing).map((row) => {
      const [module, found, pids] = answer.tuple(row, 3);
      return {
        module: answer.atom(module),
        count: answer.integer(found),
        pids: answer.list(pids).map((pid) => answer.pid(pid)),
      };
    }),
  };
}

/** A registered name, or the module of an initial call. */
function nameOf(name: Term): string {
  return inspect(name, { limit: 5 }).replace(/^:"?Elixir\.|^:/, "");
}

// A process is `suspended` while it waits for a busy port, too: who suspends others tells the two apart.
const SURVEY: Script = new Script({
  name: "process_survey",
  bindings: ["Modules"],
  readOnly: true,
  source: `
${BATCH}
Watched = maps:from_list([{Module, true} || Module <- Modules]),
Stands = fun(Pid, Standing) -> case process_info(Pid, current_stacktrace) of
    {_, Stack} -> lists:foldl(fun(Module, Acc) ->
            {Count, Pids} = maps:get(Module, Acc, {0, []}),
            maps:put(Module, {Count + 1, if Count < 10 -> [Pid | Pids]; true -> Pids end}, Acc)
        end, Standing, lists:usort([Module || {Module, _, _, _} <- Stack, is_map_key(Module, Watched)]));
    _ -> Standing
end end,
Look = fun(Pid, {Sys, Frozen, Asleep, Standing}) -> case process_info(Pid, [current_function, status]) of
    [{_, {sys, suspend_loop, _}}, _] -> {[Pid | Sys], Frozen, Asleep, Standing};
    [_, {_, suspended}] -> {Sys, [Pid | Frozen], Asleep, Standing};
    [{_, {erlang, hibernate, _}}, _] -> {Sys, Frozen, [Pid | Asleep], Standing};
    [{_, {gen_server, loop, _}}, _] -> {Sys, Frozen, Asleep, Standing};
    [{_, {gen_server, loop_hibernate, _}}, _] -> {Sys, Frozen, Asleep, Standing};
    [{_, {gen_statem, loop_receive, _}}, _] -> {Sys, Frozen, Asleep, Standing};
    [{_, {gen_event, fetch_msg, _}}, _] -> {Sys, Frozen, Asleep, Standing};
    [_, _] -> {Sys, Frozen, Asleep, Stands(Pid, Standing)};
    _ -> {Sys, Frozen, Asleep, Standing}
end end,
{Sys, Waiting, Asleep, Standing} = lists:foldl(Look, {[], [], [], maps:from_list([])}, processes() -- [self()]),
Freezers = case Waiting of [] -> [];
    _ -> [{Pid, By} || By <- processes(), {_, Held} <- [process_info(By, suspending)], {Pid, _, _} <- Held] end,
Frozen = [{Pid, By} || Pid <- Waiting, {_, By} <- [lists:keyfind(Pid, 1, Freezers)]],
%% A plain process would keep the question in its mailbox for ever: only those of OTP are asked.
Ours = [Pid || Pid <- lists:sublist(Asleep, 1000), proc_lib:translate_initial_call(Pid) =/= {proc_lib, init_p, 5}],
Small = [Pid || Pid <- lists:sublist(Ours, 100), [{_, Queue}, {_, Size}] <- [process_info(Pid, [message_queue_len, memory])],
                Queue < 10, Size < 1000000],
Told = [Pid || {Pid, {_, suspended}} <- Statuses(Small, Now() + 500)],
All = [{Pid, sys, none} || Pid <- Sys ++ Told] ++ [{Pid, frozen, By} || {Pid, By} <- Frozen],
Name = fun(Pid) -> case process_info(Pid, registered_name) of
    {_, Known} -> Known;
    _ -> {Module, _, _} = proc_lib:translate_initial_call(Pid), Module
end end,
App = fun(Pid) -> case application:get_application(Pid) of {ok, Of} -> Of; _ -> undefined end end,
{length(All),
 [{Pid, How, By, Name(Pid), App(Pid), IsSupervisor(Pid)} || {Pid, How, By} <- lists:sublist(All, 50)],
 [{Module, Count, Pids} || {Module, {Count, Pids}} <- maps:to_list(Standing)]}`,
});
