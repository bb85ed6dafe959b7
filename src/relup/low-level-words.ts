/** What each low-level instruction of relup(4) does, in words. The evaluator is OTP's `release_handler_1`. */

import { Atom, type Term, textOf } from "../term/index.ts";
import { applyWords } from "./apply-words.ts";
import { moduleLabel } from "./instruction.ts";
import { atoms, both, elements, kills, listed, RESTART, short, type Wording } from "./words.ts";

/** The instructions that the release handler evaluates. */
export const LOW_LEVEL: Readonly<Record<string, Wording>> = {
  load_object_code([detail, ...more]) {
    const [library, version, list] = elements(detail, 3);
    const modules = atoms(list);
    const text = version === undefined ? undefined : textOf(version);
    if (more.length > 0 || !(library instanceof Atom) || !text || !modules) return undefined;
    return {
      modules,
      text: `reads the object code of ${listed(modules)} from ${library.name} ${text}; nothing is loaded yet`,
    };
  },

  point_of_no_return(args) {
    if (args.length > 0) return undefined;
    return { modules: [], text: "point of no return: a failure after this restarts the node" };
  },

  load(args, { isRead }) {
    const purge = purgeWords(args);
    if (purge === undefined) return undefined;
    const { module, name } = purge;
    const missing = isRead(module)
      ? undefined
      : `no load_object_code before it reads ${name}: the load fails`;
    return {
      modules: [module],
      text: `loads ${name}; ${purge.before}; ${purge.after}`,
      danger: both(missing, purge.danger),
    };
  },

  remove(args) {
    const purge = purgeWords(args);
    if (purge === undefined) return undefined;
    return {
      modules: [purge.module],
      text: `removes ${purge.name} from the node; ${purge.before}; ${purge.after}`,
      danger: purge.danger,
    };
  },

  purge(args) {
    const modules = onlyModules(args);
    if (modules === undefined) return undefined;
    return {
      modules,
      text: `purges old code of ${listed(modules)} brutally: who still runs it is killed`,
      danger: kills(modules),
    };
  },

  suspend([list, ...more], { isResumedLater }) {
    if (more.length > 0 || !Array.isArray(list)) return undefined;
    const waits = (list as readonly Term[]).map(suspension);
    if (waits.some((wait) => wait === undefined)) return undefined;
    const modules = waits.map((wait) => wait?.module ?? "");
    const times = [...new Set(waits.map((wait) => wait?.time ?? ""))].join(" or ");
    const left = modules.filter((module) => !isResumedLater(module));
    return {
      modules,
      text:
        `suspends every process whose child spec names ${listed(modules, "or")}; ` +
        `one that does not answer within ${times} runs on in its old state`,
      danger:
        left.length === 0 ? undefined : `nothing resumes the processes of ${listed(left)} again`,
    };
  },

  resume(args, { isSuspended }) {
    const modules = onlyModules(args);
    if (modules === undefined) return undefined;
    return {
      modules,
      text: `resumes the processes suspended for ${listed(modules)}${none(modules, isSuspended, "suspended")}`,
    };
  },

  code_change(args, { isSuspended }) {
    const [mode, list] = args.length === 2 ? args : [undefined, args[0]];
    const named = mode === undefined || (mode instanceof Atom && /^(up|down)$/.test(mode.name));
    if (!named || args.length > 2 || !Array.isArray(list)) return undefined;
    const modules = atoms((list as readonly Term[]).map((pair) => elements(pair, 2)[0] ?? []));
    if (modules === undefined) return undefined;
    const way = mode instanceof Atom && mode.name === "down" ? "back to the old" : "to the new";
    return {
      modules,
      text:
        `the suspended processes of ${listed(modules)} convert their state ${way} version (code_change); ` +
        `one that fails restarts the node${none(modules, isSuspended, "suspended")}`,
    };
  },

  stop(args, { isStartedLater }) {
    const modules = onlyModules(args);
    if (modules === undefined) return undefined;
    const left = modules.filter((module) => !isStartedLater(module));
    return {
      modules,
      text: `terminates every process whose child spec names ${listed(modules, "or")}: their state is lost`,
      danger: both(
        `ends the processes of ${listed(modules)}`,
        left.length === 0 ? undefined : `nothing starts those of ${listed(left)} again`,
      ),
    };
  },

  start(args, { isStopped }) {
    const modules = onlyModules(args);
    if (modules === undefined) return undefined;
    return {
      modules,
      text: `starts the processes stopped for ${listed(modules)} again${none(modules, isStopped, "stopped")}`,
    };
  },

  sync_nodes([id, nodes, ...more]) {
    if (id === undefined || nodes === undefined || more.length > 0) return undefined;
    const others = Array.isArray(nodes) ? atoms(nodes) : undefined;
    const [module, fun, args] = elements(nodes, 3);
    const call = module instanceof Atom && fun instanceof Atom && Array.isArray(args);
    if (others === undefined && !call) return undefined;
    const who = others === undefined ? `those of ${short(nodes)}` : listed(others, "and", "nodes");
    return {
      modules: [],
      text: `waits until the other nodes (${who}) come to the same place, ${short(id)}`,
      danger: "waits without limit; a node that goes down meanwhile fails the upgrade",
    };
  },

  apply: ([detail, ...more]) => (more.length > 0 ? undefined : applyWords(detail)),

  restart_new_emulator(args) {
    if (args.length > 0) return undefined;
    return {
      modules: [],
      text: "restarts the emulator with the new ERTS, Kernel, STDLIB and SASL, and then goes on",
      danger: RESTART,
    };
  },

  restart_emulator(args) {
    if (args.length > 0) return undefined;
    return {
      modules: [],
      text: "restarts the emulator with the new release; what stands behind it is not executed",
      danger: RESTART,
    };
  },
};

function onlyModules(args: readonly Term[]): string[] | undefined {
  return args.length === 1 ? atoms(args[0]) : undefined;
}

interface Purging {
  readonly module: string;
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly danger: string | undefined;
}

function purgeWords([detail, ...more]: readonly Term[]): Purging | undefined {
  const [module, pre, post] = elements(detail, 3);
  if (more.length > 0 || !(module instanceof Atom)) return undefined;
  const [before, after] = [brutality(pre), brutality(post)];
  if (before === undefined || after === undefined) return undefined;
  return {
    module: module.name,
    name: moduleLabel(module.name),
    before: before
      ? "old code is purged brutally: who still runs it is killed"
      : "the upgrade is refused if a process still runs old code",
    after: after
      ? "who lingers in the replaced code is killed when the release is made permanent"
      : "the replaced code is purged once nobody runs it",
    danger: before ? kills([module.name]) : undefined,
  };
}

function brutality(mode: Term | undefined): boolean | undefined {
  if (!(mode instanceof Atom)) return undefined;
  if (mode.name === "brutal_purge") return true;
  return mode.name === "soft_purge" ? false : undefined;
}

function suspension(term: Term): { module: string; time: string } | undefined {
  if (term instanceof Atom) return { module: term.name, time: "5 s" };
  const [module, timeout] = elements(term, 2);
  if (!(module instanceof Atom)) return undefined;
  if (typeof timeout === "number" && timeout > 0) {
    return { module: module.name, time: `${timeout} ms` };
  }
  if (!(timeout instanceof Atom)) return undefined;
  if (timeout.name === "default") return { module: module.name, time: "5 s" };
  return timeout.name === "infinity" ? { module: module.name, time: "any time" } : undefined;
}

function none(
  modules: readonly string[],
  isDone: (module: string) => boolean,
  what: string,
): string {
  const idle = modules.filter((module) => !isDone(module));
  return idle.length === 0 ? "" : ` (nothing is ${what} for ${listed(idle)})`;
}
