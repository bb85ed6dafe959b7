/** What the states of affected processes hold of the code that changes; the states themselves stay on the node. */

import { Answer, BATCH, runScript, Script } from "../../otp/index.ts";
import { changedModules, supervisedBy } from "../../relup/index.ts";
import { atom, type Pid } from "../../term/index.ts";
import { loadedLibraries } from "./applications.ts";
import type { Given } from "./given.ts";

/** Processes that are asked: of one module, and in all. */
const PER_MODULE = 40;
const IN_ALL = 400;

/** One process whose state was looked through. */
export interface LookedThrough {
  readonly pid: Pid;
  /** The modules that its child spec names. */
  readonly modules: readonly string[];
  /** Whether the state is a tuple, as a record, or a struct. */
  readonly shaped: boolean;
  /** Changed modules that an anonymous function in it is of. */
  readonly funs: readonly string[];
  /** Changed modules that a struct in it is of. */
  readonly structs: readonly string[];
}

const known = new WeakMap<Given, Promise<readonly LookedThrough[]>>();

/**
 * Looks through the states of supervised processes of the applications that change, some of each module, once for all checks. Asked are servers
 * that wait for a message, with a short queue and little memory; each for its state, by a system message that is answered within 2 s or not
 * waited for. A hibernating one wakes for it.
 */
export function statesOf(given: Given): Promise<readonly LookedThrough[]> {
  const found = known.get(given);
  if (found !== undefined) return found;
  const fresh = lookThrough(given);
  known.set(given, fresh);
  return fresh;
}

async function lookThrough(given: Given): Promise<readonly LookedThrough[]> {
  const { remote, call } = given;
  const changed = changedModules(given.path.instructions);
  if (changed.length === 0) return [];
  const modules = new Set([...changed, "Elixir.Agent"]);
  const answer = new Answer(remote, STATES.name);
  const apps = loadedLibraries(given).map(({ name }) => atom(name));
  for (const term of answer.list(await runScript(remote, MODULES, { Apps: apps }, call))) {
    modules.add(answer.atom(term));
  }
  const { byModule } = await supervisedBy(remote, [...modules], { pids: PER_MODULE, ...call });
  const named = new Map<string, { pid: Pid; modules: string[] }>();
  for (const [module, { pids }] of byModule) {
    for (const pid of pids) {
      const one = named.get(String(pid)) ?? { pid, modules: [] };
      one.modules.push(module);
      named.set(String(pid), one);
    }
  }
  const pids = [...named.values()].slice(0, IN_ALL).map(({ pid }) => pid);
  const bindings = { Pids: pids, Modules: changed.map((module) => atom(module)) };
  const rows = await runScript(remote, STATES, bindings, { timeout: 30_000, ...call });
  return answer.list(rows).map((row) => {
    const [term, shaped, funs, structs] = answer.tuple(row, 4);
    const pid = answer.pid(term);
    const names = (list: typeof funs) => answer.list(list).map((name) => answer.atom(name));
    return {
      pid,
      modules: named.get(String(pid))?.modules ?? [],
      shaped: answer.boolean(shaped),
      funs: names(funs),
      structs: names(structs),
    };
  });
}

const MODULES: Script = new Script({
  name: "application_modules",
  bindings: ["Apps"],
  readOnly: true,
  source:
    "lists:append([Modules || App <- Apps, {ok, Modules} <- [application:get_key(App, modules)]])",
});

// A state is not walked through but searched as the bytes of its external form, which the runtime makes and searches at full speed: an
// anonymous function has the 16 bytes of its module's MD5 there, and a struct its name right behind `__struct__`. A tag of an atom in
// UTF-8 is 119, the whole term's 131.
const STATES: Script = new Script({
  name: "states_of_processes",
  bindings: ["Pids", "Modules"],
  readOnly: true,
  source: `
${BATCH}
External = fun(Term) -> erlang:term_to_binary(Term, [{minor_version, 2}]) end,
Bytes = fun(Atom) -> All = External(Atom), binary:part(All, 1, byte_size(All) - 1) end,
Key = Bytes('__struct__'),
Loaded = [Module || Module <- Modules, code:is_loaded(Module) =/= false],
Patterns = maps:from_list([{erlang:get_module_info(Module, md5), {fun_of, Module}} || Module <- Loaded] ++
    [{<<Key/binary, (Bytes(Module))/binary>>, {struct_of, Module}} || Module <- Loaded,
      lists:member({'__struct__', 0}, erlang:get_module_info(Module, exports))]),
Compiled = binary:compile_pattern(maps:keys(Patterns)),
Waits = fun({gen_server, loop, _}) -> true; ({gen_server, loop_hibernate, _}) -> true; ({gen_statem, loop_receive, _}) -> true;
           ({erlang, hibernate, _}) -> true; (_) -> false end,
%% Connections are no business of ours, and supervisors hold child specs.
Other = fun({'Elixir.Bandit.DelegatingHandler', _, _}) -> false; ({cowboy_clear, _, _}) -> false; ({cowboy_tls, _, _}) -> false;
           ({proc_lib, init_p, _}) -> false; (_) -> true end,
Ready = [Pid || Pid <- Pids, node(Pid) =:= node(),
    [{_, Function}, {_, Queue}, {_, Size}] <- [process_info(Pid, [current_function, message_queue_len, memory])],
    Waits(Function), Queue < 20, Size < 2000000, Other(proc_lib:translate_initial_call(Pid)), not IsSupervisor(Pid)],
Last = Now() + 2000,
%% The answer is the state itself up to OTP 25, later {ok, State}.
Look = fun({Pid, Request}) -> case gen:wait_response(Request, max(0, Last - Now())) of
    {reply, {error, _}} -> [];
    {reply, Answer} ->
        State = case Answer of {ok, Inner} -> Inner; _ -> Answer end,
        Text = External(State),
        Found = case byte_size(Text) < 2000000 of
            true -> lists:usort([binary:part(Text, Place) || Place <- binary:matches(Text, Compiled)]);
            false -> []
        end,
        Tags = [maps:get(Bit, Patterns) || Bit <- Found],
        [{Pid, is_tuple(State) orelse is_map(State) andalso is_map_key('__struct__', State),
          [Module || {fun_of, Module} <- Tags], [Module || {struct_of, Module} <- Tags]}];
    _ -> []
end end,
InChunks(fun(Chunk) ->
    Asked = [{Pid, gen:send_request(Pid, system, get_state)} || Pid <- Chunk],
    lists:flatmap(Look, Asked)
end, case Loaded of [] -> []; _ -> Ready end)`,
});
