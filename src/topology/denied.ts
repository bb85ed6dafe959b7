/** Which processes may never be suspended, and why. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, type Pid } from "../term/index.ts";
import { around, type LookOptions } from "./adapter.ts";

/**
 * `supervisor`: the release handler cannot walk past a suspended one, and the node restarts. `dynamic`: an event manager and the like,
 * which the release handler asks for its modules. `system`: a process of OTP's or Elixir's own applications. `not_otp`: it does not
 * understand system messages. `noproc`: it is gone.
 */
export type DeniedReason = "supervisor" | "dynamic" | "system" | "not_otp" | "noproc";

/**
 * Why each of these processes may not be suspended, in their order; `undefined` where it may. One call; read-only. Their supervisors
 * are asked for their children.
 */
export async function deniedReasons(
  remote: Remote,
  pids: readonly Pid[],
  options: LookOptions = {},
): Promise<(DeniedReason | undefined)[]> {
  const { wait, call } = around(options);
  const answer = new Answer(remote, DENIED.name);
  const result = await runScript(remote, DENIED, { Pids: pids, Wait: wait }, call);
  return answer.list(result).map((reason) => {
    if (!(reason instanceof Atom)) throw answer.odd();
    return reason.name === "fit" ? undefined : (reason.name as DeniedReason);
  });
}

const DENIED: Script = new Script({
  name: "denied_reasons",
  bindings: ["Pids", "Wait"],
  readOnly: true,
  source: `
${BATCH}
Kinds = [supervisor, supervisor2, supervisor_bridge, mirrored_supervisor, ranch_conns_sup, 'Elixir.DynamicSupervisor'],
Servers = [application_controller, application_master, logger_server, group, user_drv, ranch_server],
Applications = [kernel, stdlib, sasl, ssl, crypto, public_key, compiler, runtime_tools, os_mon, elixir, logger, iex, mix],
%% What starts before the applications do belongs to none of them.
Names = [init, erl_prim_loader, erts_code_purger, erl_signal_server, application_controller, logger, error_logger, code_server,
         kernel_sup, kernel_safe_sup, net_kernel, net_sup, rex, auth, erl_epmd, inet_db, user, file_server_2, global_name_server,
         global_group, standard_error, timer_server, release_handler, alarm_handler, socket_registry, beamctl_guard],
Own = fun(Pid) -> case process_info(Pid, registered_name) of
    {_, Name} -> lists:member(Name, Names); _ -> false end orelse
    case application:get_application(Pid) of {ok, App} -> lists:member(App, Applications); undefined -> false end end,
Look = fun(Pid) -> case node(Pid) =:= node() andalso process_info(Pid, dictionary) of
    false -> noproc; undefined -> noproc;
    {_, Dictionary} -> case {lists:keyfind('$initial_call', 1, Dictionary), lists:keyfind('$ancestors', 1, Dictionary)} of
        {false, _} -> case Own(Pid) of true -> system; false -> not_otp end;
        {{_, {Kind, _, _}}, Ancestors} -> case {lists:member(Kind, Kinds), lists:member(Kind, Servers) orelse Own(Pid), Ancestors} of
            {true, _, _} -> supervisor;
            {_, true, _} -> system;
            _ when Kind =:= gen_event -> dynamic;
            {_, _, {_, [Parent | _]}} -> {fit, Parent};
            _ -> fit end
        end
    end
end,
Looked = [{Pid, Look(Pid)} || Pid <- Pids],
Parents = [Sup || Name <- lists:usort([Parent || {_, {fit, Parent}} <- Looked]),
                  Sup <- [case is_pid(Name) of true -> Name; false -> whereis(Name) end], is_pid(Sup), node(Sup) =:= node(),
                  case proc_lib:translate_initial_call(Sup) of {Kind, _, _} -> lists:member(Kind, Kinds) end],
Dynamic = maps:from_list([{Pid, []} || {_, Kids} <- Children(Parents, Now() + Wait), is_list(Kids), {_, Pid, _, dynamic} <- Kids]),
[case {Dynamic, Reason} of {#{Pid := _}, {fit, _}} -> dynamic; {_, {fit, _}} -> fit; _ -> Reason end || {Pid, Reason} <- Looked]`,
});
