/** Who the release handler's walk through the supervisors would fail at. */

import { Answer, BATCH, runScript, Script } from "../../otp/index.ts";
import { supervisedBy } from "../../relup/index.ts";
import type { Pid } from "../../term/index.ts";
import type { Check, Given } from "./given.ts";
import { few, number } from "./words.ts";

/** Children whose modules are `dynamic` that are looked at. */
const MOST = 500;

/**
 * The walk is done when the relup suspends, changes or stops processes. It asks every supervisor for its children and every child with `dynamic`
 * modules for these; one that is silent is an error after the point of no return, and that restarts the node.
 */
export const supervisors: Check = {
  name: "the supervisors",
  find: async (given) => {
    const { processes, unanswered } = await given.impact();
    if (processes.length === 0) return []; // nobody is looked for then
    if (unanswered.count > 0) {
      const who = await namesOf(given, unanswered.pids);
      return [
        {
          code: "supervisor-silent",
          severity: "refusal",
          what: `${number(unanswered.count, "supervisor does", "supervisors do")} not answer: ${few(who, unanswered.count)}`,
          cause:
            "the release handler asks every supervisor for its children after the point of no return; it would fail there and restart the node",
          remedy:
            "Resume it if it is suspended (`sys:resume/1`), or let the child that it is starting or stopping come to an end.",
          about: unanswered.pids.map(String),
        },
      ];
    }
    const silent = await silentChildren(given);
    if (silent.length === 0) return [];
    const who = await namesOf(given, silent);
    return [
      {
        code: "dynamic-child-silent",
        severity: "refusal",
        what: `${number(silent.length, "child", "children")} with \`dynamic\` modules in the child spec would not tell them: ${few(who)}`,
        cause:
          "the release handler asks each such child for its modules after the point of no return; after 5 s without an answer it restarts the node",
        remedy:
          "Only event managers (gen_event) answer: name the modules in the child spec, or resume the one that is suspended.",
        about: silent.map(String),
      },
    ];
  },
};

/** Of the children with `dynamic` modules those that will not answer the release handler. */
async function silentChildren(given: Given): Promise<readonly Pid[]> {
  const { remote, call } = given;
  const { askedByHandler } = await supervisedBy(remote, [], { pids: MOST, ...call });
  if (askedByHandler.count === 0) return [];
  const answer = new Answer(remote, SILENT.name);
  const bindings = { Pids: askedByHandler.pids, Wait: 2000 };
  const pids = await runScript(remote, SILENT, bindings, { timeout: 10_000, ...call });
  return answer.list(pids).map((pid) => answer.pid(pid));
}

/** Names on the node: the registered one, or what it was started as. */
async function namesOf({ remote, call }: Given, pids: readonly Pid[]): Promise<string[]> {
  const answer = new Answer(remote, NAMES.name);
  const names = answer.list(await runScript(remote, NAMES, { Pids: pids }, call));
  return names.map((name, at) => `${answer.atom(name).replace(/^Elixir\./, "")} (${pids[at]})`);
}

// Event managers answer, and are asked. A gen_server or gen_statem would take the question for a message of its own: it is not sent, and it is
// known that they have no answer.
const SILENT: Script = new Script({
  name: "silent_dynamic_children",
  bindings: ["Pids", "Wait"],
  readOnly: true,
  source: `
${BATCH}
Started = [{Pid, proc_lib:translate_initial_call(Pid), process_info(Pid, current_function)} || Pid <- Pids, node(Pid) =:= node()],
Until = Now() + Wait,
Asked = [{Pid, gen:send_request(Pid, release_handler, get_modules)} || {Pid, {gen_event, _, _}, _} <- Started],
[Pid || {Pid, Request} <- Asked, gen:wait_response(Request, max(0, Until - Now())) =:= timeout] ++
[Pid || {Pid, Call, {_, {sys, suspend_loop, _}}} <- Started, element(1, Call) =/= gen_event] ++
[Pid || {Pid, _, {_, {gen_server, loop, _}}} <- Started] ++
[Pid || {Pid, _, {_, {gen_server, loop_hibernate, _}}} <- Started] ++
[Pid || {Pid, _, {_, {gen_statem, loop_receive, _}}} <- Started]`,
});

const NAMES: Script = new Script({
  name: "process_names",
  bindings: ["Pids"],
  readOnly: true,
  source: `
[case process_info(Pid, registered_name) of
    {_, Known} -> Known;
    _ -> {Module, _, _} = proc_lib:translate_initial_call(Pid), Module
end || Pid <- Pids]`,
});
