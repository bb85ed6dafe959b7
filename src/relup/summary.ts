/** What a whole list of instructions comes to. */

import { Atom, type Term } from "../term/index.ts";
import type { RelupRow } from "./explain.ts";
import { partsOf } from "./instruction.ts";
import { elements } from "./words.ts";

/** What a whole list comes to. */
export interface RelupSummary {
  readonly modulesLoaded: readonly string[];
  readonly modulesRemoved: readonly string[];
  /** The modules whose processes are suspended meanwhile. */
  readonly suspendedBy: readonly string[];
  readonly applicationsRestarted: readonly string[];
  /** Stopped and not started again, and the other way round. */
  readonly applicationsStopped: readonly string[];
  readonly applicationsStarted: readonly string[];
  readonly emulatorRestarts: number;
}

/** The sum of rows. */
export function summaryOf(rows: readonly RelupRow[]): RelupSummary {
  const named = (kinds: readonly string[]) => [
    ...new Set(rows.filter(({ kind }) => kinds.includes(kind)).flatMap(({ modules }) => modules)),
  ];
  const removed = named(["remove", "delete_module"]);
  const loaded = named(["load", "load_module", "add_module", "update"]);
  const { stopped, started, restarted } = applications(rows);
  return {
    modulesLoaded: loaded,
    modulesRemoved: removed.filter((module) => !loaded.includes(module)),
    suspendedBy: named(["suspend", "update"]),
    applicationsRestarted: [
      ...new Set([...restarted, ...stopped.filter((name) => started.includes(name))]),
    ],
    applicationsStopped: stopped.filter((name) => !started.includes(name)),
    applicationsStarted: started.filter((name) => !stopped.includes(name)),
    emulatorRestarts: rows.filter(({ kind }) => /^restart_(new_)?emulator$/.test(kind)).length,
  };
}

// systools writes the starting and stopping of applications as calls of `application`.
function applications(rows: readonly RelupRow[]) {
  const found = {
    stopped: new Set<string>(),
    started: new Set<string>(),
    restarted: new Set<string>(),
  };
  for (const { instruction } of rows) {
    const { tag, args } = partsOf(instruction);
    const [module, fun, list] = elements(args[0], 3);
    const called = tag === "apply" && module instanceof Atom && module.name === "application";
    const verb = called && fun instanceof Atom ? fun.name : tag;
    const [name] = called && Array.isArray(list) ? (list as readonly Term[]) : args;
    if (!(name instanceof Atom)) continue;
    if (called ? verb === "stop" : verb === "remove_application") found.stopped.add(name.name);
    if (called ? verb === "start" : verb === "add_application") found.started.add(name.name);
    if (!called && verb === "restart_application") found.restarted.add(name.name);
  }
  return {
    stopped: [...found.stopped],
    started: [...found.started],
    restarted: [...found.restarted],
  };
}
