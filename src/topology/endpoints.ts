/** Phoenix endpoints, found in an application's tree by what their modules export. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { atom, type Pid } from "../term/index.ts";
import { around, type LookOptions } from "./adapter.ts";

/** A Phoenix endpoint. */
export interface Endpoint {
  /** As people write it: `ShopWeb.Endpoint`. */
  readonly module: string;
  /** `undefined` while it does not run. */
  readonly pid: Pid | undefined;
}

/**
 * The endpoints below this application's top supervisor, some levels down: modules that are their own child id and export `url/0`,
 * `static_url/0`, `path/1` and `static_path/1`. Empty when the application does not run. One call; read-only; only supervisors are asked.
 */
export async function endpoints(
  remote: Remote,
  application: string,
  options: LookOptions = {},
): Promise<Endpoint[]> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, ENDPOINTS.name);
  const bindings = { Wait: wait, App: atom(application) };
  return answer.list(await runScript(remote, ENDPOINTS, bindings, call)).map((row) => {
    const [module, pid] = answer.tuple(row, 2);
    return { module: answer.atom(module).replace(/^Elixir\./, ""), pid: answer.maybePid(pid) };
  });
}

// What is below an endpoint is its own business, and the children of others are looked at only where a plain supervisor holds them.
const ENDPOINTS: Script = new Script({
  name: "endpoints",
  bindings: ["Wait", "App"],
  readOnly: true,
  source: `
${BATCH}
Exports = [{url, 0}, {static_url, 0}, {path, 1}, {static_path, 1}],
IsEndpoint = fun(Module) -> is_atom(Module) andalso code:is_loaded(Module) =/= false
    andalso Exports -- erlang:get_module_info(Module, exports) =:= [] end,
IsPlain = fun(Pid) -> is_pid(Pid) andalso node(Pid) =:= node()
    andalso case proc_lib:translate_initial_call(Pid) of {supervisor, _, _} -> true; _ -> false end end,
Walk = fun Walk([], _) -> [];
           Walk(_, 0) -> [];
           Walk(Sups, Depth) ->
    Kids = lists:append([Own || {_, Own} <- Children(Sups, Now() + Wait), is_list(Own)]),
    {Found, Others} = lists:partition(fun({Id, _, _, [Id]}) -> IsEndpoint(Id); (_) -> false end, Kids),
    [{Id, Pid} || {Id, Pid, _, _} <- Found] ++ Walk([Pid || {_, Pid, supervisor, _} <- Others, IsPlain(Pid)], Depth - 1)
end,
Walk([Top || {_, Top} <- TopsOf([App])], 4)`,
});
