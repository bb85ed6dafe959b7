/** Who runs old code, by name: what a purge would kill. */

import { inspect, type Pid, type Term } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** A process that runs old code of a module. */
export interface OldCodeUser {
  readonly pid: Pid;
  readonly module: string;
  /** Its registered name, or what it was started as: `Shop.Http.init/2`. */
  readonly what: string;
}

/**
 * The processes that run old code of any loaded module, the first `most` of them described. Read-only; every process is asked once per module that
 * has old code, which costs a busy node some time.
 */
export async function oldCodeUsers(
  remote: Remote,
  { most = 50, timeout = 30_000, signal }: CallOptions & { readonly most?: number } = {},
): Promise<{ readonly count: number; readonly first: readonly OldCodeUser[] }> {
  const answer = new Answer(remote, USERS.name);
  const result = await runScript(remote, USERS, { Most: most }, { timeout, signal });
  const [count, first] = answer.tuple(result, 2);
  return {
    count: answer.integer(count),
    first: answer.list(first).map((row) => {
      const [pid, module, name, call] = answer.tuple(row, 4);
      const known = answer.atom(name);
      return {
        pid: answer.pid(pid),
        module: answer.atom(module),
        what: known === "none" ? callText(answer, call as Term) : inspect(name as Term),
      };
    }),
  };
}

function callText(answer: Answer, call: Term): string {
  const [module, fun, arity] = answer.tuple(call, 3);
  return `${inspect(module as Term)}.${answer.atom(fun)}/${answer.integer(arity)}`;
}

const USERS: Script = new Script({
  name: "old_code_users",
  bindings: ["Most"],
  readOnly: true,
  source: `
Old = [Module || {Module, _} <- code:all_loaded(), erlang:check_old_code(Module)],
Users = [{Pid, Module} || Module <- Old, Pid <- processes(), Pid =/= self(), erlang:check_process_code(Pid, Module) =:= true],
Name = fun(Pid) -> case process_info(Pid, registered_name) of {_, Known} -> Known; _ -> none end end,
Call = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of
    {proc_lib, init_p, 5} -> case process_info(Pid, initial_call) of {_, Plain} -> Plain; _ -> {proc_lib, init_p, 5} end;
    Translated -> Translated
end end,
{length(lists:usort([Pid || {Pid, _} <- Users])), [{Pid, Module, Name(Pid), Call(Pid)} || {Pid, Module} <- lists:sublist(Users, Most)]}`,
});
