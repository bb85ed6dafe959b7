/** What `{apply, {Module, Function, Args}}` does in a relup, in words: OTP's own calls and edeliver's instructions by name. */

import { Atom, type Term, textOf } from "../term/index.ts";
import { moduleLabel } from "./instruction.ts";
import { elements, RESTART, short, type Words } from "./words.ts";

const EDELIVER = "Elixir.Edeliver.Relup.Instructions.";

/** The words for the argument of `apply`, or `undefined` when it is no `{Module, Function, Args}`. */
export function applyWords(detail: Term | undefined): Words | undefined {
  const [module, fun, args] = elements(detail, 3);
  if (!(module instanceof Atom) || !(fun instanceof Atom) || !Array.isArray(args)) return undefined;
  const list = args as readonly Term[];
  const modules = [module.name];
  if (module.name.startsWith(EDELIVER) && fun.name === "run" && list.length === 1) {
    const name = module.name.slice(EDELIVER.length);
    return { modules, ...edeliverWords(name, list[0] as Term) };
  }
  if (module.name === "application") {
    const words = applicationWords(fun.name, list[0]);
    if (words !== undefined) return { modules, ...words };
  }
  const call = `${short(module)}.${fun.name}(${list.map(short).join(", ")})`;
  const ends =
    (module.name === "init" && /^(restart|reboot|stop)$/.test(fun.name)) ||
    (module.name === "erlang" && fun.name === "halt");
  return { modules, text: `calls ${call}`, danger: ends ? RESTART_OR_END : undefined };
}

const RESTART_OR_END = RESTART.replace("restarts", "restarts or ends");

type Said = Omit<Words, "modules">;

function applicationWords(fun: string, argument: Term | undefined): Said | undefined {
  if (!(argument instanceof Atom)) return undefined;
  const name = moduleLabel(argument.name);
  switch (fun) {
    case "stop":
      return {
        text: `stops the application ${name}: its processes and connections end`,
        danger: `the connections of ${name} end`,
      };
    case "start":
      return { text: `starts the application ${name}` };
    case "load":
      return { text: `loads the application ${name} without starting it` };
    case "unload":
      return { text: `unloads the application ${name}` };
    default:
      return undefined;
  }
}

/** What edeliver's instructions do when the release handler runs them; those that are not here only have their name. */
function edeliverWords(name: string, argument: Term): Said {
  const said = edeliverDoes(name, argument);
  const text = `edeliver's ${name}: ${said?.text ?? `runs with ${short(argument)}`}`;
  return said?.danger === undefined ? { text } : { text, danger: said.danger };
}

// It looks for an endpoint server, which Phoenix has had no more since 1.4.
const BEFORE_1_4 = "aborts on Phoenix 1.4 and newer: it looks for what only older ones have";

function edeliverDoes(name: string, argument: Term): Said | undefined {
  const [first, second] = elements(argument, 2);
  const app = short(first ?? argument);
  switch (name) {
    case "CheckProcessesRunningOldCode":
      return {
        text: `refuses when one of ${Array.isArray(argument) ? argument.length : "its"} modules has old code, whether or not a process runs it`,
      };
    case "CheckRanchAcceptors":
      return { text: `refuses unless it finds the acceptors of ${app}`, danger: BEFORE_1_4 };
    case "CheckRanchConnections":
      return { text: `refuses unless it finds the connections of ${app}`, danger: BEFORE_1_4 };
    case "SuspendRanchAcceptors":
      return { text: `terminates the acceptors of ${app}: clients wait`, danger: BEFORE_1_4 };
    case "SuspendChannels":
      return {
        text: `suspends the websockets of ${app} that have channels`,
        danger: `${BEFORE_1_4}; one that answers late stays suspended`,
      };
    case "FinishRunningRequests":
      return {
        text: `waits ${short(second ?? argument)} ms, always all of them, for the requests of ${app}`,
        danger: BEFORE_1_4,
      };
    case "RerunFailedRequests":
      return { text: `tells the requests of ${app} that the upgrade is over`, danger: BEFORE_1_4 };
    case "ResumeChannels":
      return { text: `resumes the websockets of ${app} that it finds now`, danger: BEFORE_1_4 };
    case "ResumeRanchAcceptors":
      return {
        text: `starts the acceptors of ${app} again; one that runs already fails it`,
        danger: BEFORE_1_4,
      };
    case "Info":
      return { text: `says ${JSON.stringify(textOf(argument) ?? short(argument))}` };
    case "Sleep":
      return { text: `waits ${short(argument)} seconds` };
    default:
      return undefined;
  }
}
