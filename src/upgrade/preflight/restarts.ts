/** Who is stopped by the relup: applications, and the processes of modules that it stops. */

import { Answer, runScript, Script } from "../../otp/index.ts";
import { explainRelup, moduleLabel, supervisedBy } from "../../relup/index.ts";
import { atom, type Pid } from "../../term/index.ts";
import { type Connection, detectSockets, type Listener, listeners } from "../../topology/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { few, labels, number } from "./words.ts";

/** Processes of one module that are looked at. */
const MOST = 500;

/** Where listeners or websockets are among them, clients lose their connections. */
export const restarts: Check = {
  name: "what the relup stops",
  find: async (given) => [
    ...(await applications(given)),
    ...(await processes(given)),
    ...(await removed(given)),
  ],
};

async function applications(given: Given): Promise<Finding[]> {
  const { remote, path, call } = given;
  const { applicationsRestarted, applicationsStopped } = explainRelup(path.instructions).summary;
  const names = [...applicationsRestarted, ...applicationsStopped];
  if (names.length === 0) return [];
  const answer = new Answer(remote, COUNT.name);
  const counted = answer.list(await runScript(remote, COUNT, { Apps: names.map(atom) }, call));
  const running = await listeners(remote, call);
  return Promise.all(
    counted.map((row) => {
      const [name, count] = answer.tuple(row, 2);
      const application = answer.atom(name);
      const verb = applicationsStopped.includes(application) ? "stops" : "restarts";
      const who = number(answer.integer(count), "process", "processes");
      return stopped(given, {
        what: `the relup ${verb} the application ${application} with ${who}`,
        about: [application],
        listeners: running.filter((one) => one.application === application),
      });
    }),
  );
}

async function processes(given: Given): Promise<Finding[]> {
  const { remote, call } = given;
  const modules = (await given.impact()).processes.flatMap(({ module, changes, count }) =>
    changes.includes("stop") && count > 0 ? [module] : [],
  );
  if (modules.length === 0) return [];
  const { byModule } = await supervisedBy(remote, modules, { pids: MOST, ...call });
  const running = await listeners(remote, call);
  const above = await ancestors(
    given,
    running.map(({ pid }) => pid),
  );
  return Promise.all(
    [...byModule].map(([module, { count, pids }]) => {
      const stops = new Set(pids.map(String));
      return stopped(given, {
        what: `the relup stops ${number(count, "process", "processes")} of ${moduleLabel(module)}: ${few(pids, count)}`,
        about: [module, ...stops],
        listeners: running.filter((_, at) => above[at]?.some((pid) => stops.has(pid))),
      });
    }),
  );
}

/** Code that goes away while processes that name it run on. */
async function removed(given: Given): Promise<Finding[]> {
  const { remote, call } = given;
  const { modulesRemoved } = explainRelup(given.path.instructions).summary;
  if (modulesRemoved.length === 0) return [];
  const stops = (await given.impact()).processes.filter(({ changes }) => changes.includes("stop"));
  const { byModule } = await supervisedBy(remote, modulesRemoved, call);
  const left = [...byModule].filter(
    ([module, { count }]) => count > 0 && !stops.some((stop) => stop.module === module),
  );
  if (left.length === 0) return [];
  const modules = left.map(([module]) => module);
  const count = left.reduce((sum, [, group]) => sum + group.count, 0);
  return [
    {
      code: "code-removed",
      severity: "danger",
      what: `the relup removes ${labels(modules)}, of which ${number(count, "process runs", "processes run")} on`,
      cause: "the next message to one of them crashes it, as its code is gone",
      remedy: "Have the relup stop them before, or keep the module in this release.",
      about: modules,
    },
  ];
}

interface Stopped {
  readonly what: string;
  readonly about: readonly string[];
  readonly listeners: readonly Listener[];
}

async function stopped({ remote, call }: Given, stop: Stopped): Promise<Finding> {
  const { what, about } = stop;
  const [first, ...more] = stop.listeners;
  if (first === undefined) {
    return {
      code: "processes-stopped",
      severity: "warning",
      what,
      cause: "what they hold in memory is lost, and calls to them fail meanwhile",
      remedy: "If that is not meant, have the appup update them in place of a restart.",
      about,
    };
  }
  const all = [first, ...more];
  const refs = all.map(({ ref }) => ref);
  const found = await detectSockets(remote, { topics: false, refs, ...call });
  const names = all.map(({ name }) => name);
  return {
    code: "connections-dropped",
    severity: "danger",
    what: `${what}, among them ${number(all.length, "listener")} (${few(names)}) with ${connectionWords("notDetected" in found ? [] : found.connections)}`,
    cause: "every connection of theirs is closed, and new clients are refused meanwhile",
    remedy: "Have the appup update them in place of a restart, or deploy it as a restart.",
    about: [...about, ...names],
  };
}

function connectionWords(all: readonly Connection[]): string {
  const websockets = all.filter(({ kind }) => kind === "websocket").length;
  return `${number(all.length, "connection")}, ${number(websockets, "websocket")} of them`;
}

/** Of each pid those that it was started under. */
async function ancestors({ remote, call }: Given, pids: readonly Pid[]): Promise<string[][]> {
  const answer = new Answer(remote, ANCESTORS.name);
  const rows = answer.list(await runScript(remote, ANCESTORS, { Pids: pids }, call));
  return rows.map((row) => answer.list(row).map((pid) => String(answer.pid(pid))));
}

// Itself and the processes above it; of a dictionary nothing else is taken.
const ANCESTORS: Script = new Script({
  name: "ancestors",
  bindings: ["Pids"],
  readOnly: true,
  source: `
[[Pid | [Above || {_, Dict} <- [process_info(Pid, dictionary)], {'$ancestors', Names} <- Dict, Name <- Names,
                  Above <- [case is_pid(Name) of true -> Name; false -> whereis(Name) end], is_pid(Above)]] || Pid <- Pids]`,
});

const COUNT: Script = new Script({
  name: "application_processes",
  bindings: ["Apps"],
  readOnly: true,
  source: `
Leaders = [Leader || Pid <- processes(), {_, Leader} <- [process_info(Pid, group_leader)]],
[{App, length([Leader || Leader <- Leaders, Leader =:= Master])}
 || App <- Apps, Master <- [application_controller:get_master(App)], is_pid(Master)]`,
});
