/** The supervised processes of a node: who may be told apart later as started anew, and whom a release handler would not find. */

import {
  Answer,
  BATCH,
  type CallOptions,
  type Remote,
  runScript,
  Script,
} from "../../otp/index.ts";
import { atom, inspect, type Pid, type Term } from "../../term/index.ts";

/** A child with a name of its own in the tree. */
export interface NamedChild {
  readonly supervisor: string;
  readonly id: string;
  readonly pid: string;
  readonly modules: readonly string[];
}

/** The tree at one moment. */
export interface Picture {
  readonly children: readonly NamedChild[];
  /** Processes of the modules that no child specification names with that module: a release handler changes their state never. */
  readonly unlisted: readonly { readonly pid: Pid; readonly module: string }[];
}

/** Reads it. Read-only: only supervisors are asked, all of one level at once. @param modules whose unlisted processes are looked for */
export async function pictureOf(
  remote: Remote,
  modules: readonly string[],
  options: CallOptions = {},
): Promise<Picture> {
  const answer = new Answer(remote, PICTURE.name);
  const bindings = { Modules: modules.map(atom), Wait: 1_000 };
  const result = await runScript(remote, PICTURE, bindings, { timeout: 30_000, ...options });
  const [children, unlisted] = answer.tuple(result, 2);
  return {
    children: answer.list(children).map((row) => {
      const [supervisor, id, pid, names] = answer.tuple(row, 4);
      return {
        supervisor: String(answer.pid(supervisor)),
        id: inspect(id as Term, { limit: 20 }),
        pid: String(answer.pid(pid)),
        modules: answer.list(names).map((name) => answer.atom(name)),
      };
    }),
    unlisted: answer.list(unlisted).map((row) => {
      const [pid, module] = answer.tuple(row, 2);
      return { pid: answer.pid(pid), module: answer.atom(module) };
    }),
  };
}

// The children of plain supervisors alone have names: those of a DynamicSupervisor or a simple_one_for_one come and go, as those of a thousand do.
const PICTURE: Script = new Script({
  name: "supervised_picture",
  bindings: ["Modules", "Wait"],
  readOnly: true,
  source: `
${BATCH}
Plain = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of {supervisor, _, _} -> true; {supervisor2, _, _} -> true; _ -> false end end,
Names = fun(Mods) when is_list(Mods) -> [Mod || Mod <- Mods, is_atom(Mod)]; (_) -> [] end,
Answer = fun({Sup, Kids}, {Next, Named, Listed}) when is_list(Kids) ->
                Below = [Pid || {_, Pid, supervisor, _} <- Kids, is_pid(Pid), node(Pid) =:= node(), IsSupervisor(Pid)],
                Own = case length(Kids) < 1000 andalso Plain(Sup) of
                    true -> [{Sup, Id, Pid, Names(Mods)} || {Id, Pid, _, Mods} <- Kids, Id =/= undefined, is_pid(Pid)];
                    false -> []
                end,
                Known = [{Pid, Mods} || {_, Pid, _, Mods} <- Kids, is_pid(Pid), Modules =/= []],
                {Below ++ Next, Own ++ Named, Known ++ Listed};
            (_, Acc) -> Acc
end,
Walk = fun Walk([], _, Named, Listed) -> {Named, Listed};
           Walk(_, 0, Named, Listed) -> {Named, Listed};
           Walk(Sups, Depth, Named, Listed) ->
    {Next, More, Found} = lists:foldl(Answer, {[], Named, Listed}, Children(Sups, Now() + Wait)),
    Walk(Next, Depth - 1, More, Found)
end,
Tops = [Top || {_, Top} <- TopsOf([App || {App, _, _} <- application:which_applications(2000)]), IsSupervisor(Top)],
{Named, Listed} = Walk(Tops, 32, [], []),
By = maps:from_list(Listed),
Started = case Modules of [] -> []; _ ->
    [{Pid, Module} || Pid <- processes(), {Module, Fun, Arity} <- [proc_lib:translate_initial_call(Pid)],
        lists:member({Fun, Arity}, [{init, 1}, {join, 3}, {mount, 3}]), lists:member(Module, Modules)]
end,
Found = fun({Pid, Module}) -> case maps:get(Pid, By, []) of dynamic -> true; Mods -> lists:member(Module, Mods) end end,
{Named, [One || One <- Started, Found(One) =:= false]}`,
});
