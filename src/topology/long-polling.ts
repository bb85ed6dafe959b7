/** Phoenix's long polling: a session is a process that stands for a client between its requests, and channels join through it. */

import { BATCH, Script } from "../otp/index.ts";
import type { SocketSource } from "./adapter.ts";
import { examineScript } from "./sockets.ts";

/** See {@link SocketSource}; the listener's place takes the name of the transport. */
export const LONG_POLLING: SocketSource = {
  entries: new Script({
    name: "long_polling_sessions",
    bindings: ["Wait", "Only"],
    readOnly: true,
    source: `
${BATCH}
Ref = 'Elixir.Phoenix.Transports.LongPoll',
%% One for the node, registered as its module; in Phoenix 1.3 one for each endpoint, registered below its name.
Named = case Only of all -> [Name || Name <- registered(), lists:suffix("LongPoll.Supervisor", atom_to_list(Name))]; _ -> [] end,
Sups = [Sup || Name <- Named, Sup <- [whereis(Name)], is_pid(Sup), {supervisor, _, _} <- [proc_lib:translate_initial_call(Sup)]],
Answers = Children(Sups, Now() + Wait),
{[{Ref, Pid, none} || {_, Kids} <- Answers, is_list(Kids), {_, Pid, _, _} <- Kids, is_pid(Pid)],
 [{Ref, Sup} || {Sup, timeout} <- Answers]}`,
  }),
  examine: examineScript(
    "long_polling",
    `
Examine = fun({Ref, Pid, _}) ->
    case process_info(Pid, [current_function, monitors, monitored_by, links, message_queue_len]) of
        undefined -> [];
        [{_, Function}, {_, Monitors}, {_, MonitoredBy}, {_, Links}, {_, Queue}] ->
            Where = Place(Function),
            [{Ref, Pid, longpoll, session, Where, Where =:= asleep, {[], []}, Joined(Pid, Monitors, MonitoredBy) ++ LinkedTo(Pid, Links), Queue}]
    end
end,
Stream = fun(_) -> [] end,
AskKinds = fun(Pids, Until) -> [{Pid, {longpoll, session, State}} || {Pid, {_, State}} <- Statuses(Pids, Until)] end,
`,
  ),
  explain: () => ({ evidence: "a session of Phoenix's long polling", stop: "suspend" }),
};
