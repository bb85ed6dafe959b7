/** Who a relup would touch on this node now: found as the release handler finds them, without a question that could harm. */

import {
  Answer,
  type CallOptions,
  processesRunningOldCode,
  type Remote,
  runScript,
} from "../otp/index.ts";
import { atom, type Pid, type Term } from "../term/index.ts";
import type { RelupRow } from "./explain.ts";
import { IMPACT } from "./impact-script.ts";
import { purgeModes } from "./soft-purge.ts";

/** Options of {@link relupImpact}. */
export interface RelupImpactOptions extends CallOptions {
  /** Most pids that are named of each group; all are counted. Default 10. */
  readonly pids?: number;
  /** Milliseconds that the supervisors of one level of the tree have to answer, all at once. Default 2000. */
  readonly wait?: number;
}

/** Some processes: how many there are, and the first of them. */
export interface Processes {
  readonly count: number;
  readonly pids: readonly Pid[];
}

/** What the relup does to the processes whose child spec names the module. */
export type ProcessChange = "suspend" | "code_change" | "stop";

/** The supervised processes of one module. */
export interface AffectedProcesses extends Processes {
  readonly module: string;
  readonly changes: readonly ProcessChange[];
}

/** The processes that run old code of one module now. */
export interface OldCodeProcesses extends Processes {
  readonly module: string;
  /** `brutal`: the relup kills them. `soft`: it is refused while there are any. */
  readonly purge: "brutal" | "soft";
}

/** Who a relup would touch. */
export interface RelupImpact {
  /** By each module that the relup suspends, changes or stops processes of. */
  readonly processes: readonly AffectedProcesses[];
  /** By each module that the relup purges. */
  readonly oldCode: readonly OldCodeProcesses[];
  /** Children whose modules are `dynamic`: the release handler asks each for its modules, and one that does not answer fails the upgrade. */
  readonly askedByHandler: Processes;
  /** Supervisors that did not answer in time: the release handler's walk would fail at them, and what is below is not known. */
  readonly unanswered: Processes;
  /** Supervisors by their child spec only, as Cowboy's connections: they were not asked here, the release handler does ask them. */
  readonly notAsked: Processes;
}

/**
 * Finds the processes by the child specs, as `release_handler_1:get_supervised_procs/0` does, and those that run old code by
 * `erlang:check_process_code/2`. Read-only: only supervisors are asked, all of one level at once; every process is looked at once per
 * module with old code, which costs a busy node some time.
 */
export async function relupImpact(
  remote: Remote,
  rows: readonly RelupRow[],
  options: RelupImpactOptions = {},
): Promise<RelupImpact> {
  const { pids: most = 10, timeout = 60_000, signal } = options;
  const wanted = changesByModule(rows);
  const { byModule, ...others } = await supervisedBy(remote, [...wanted.keys()], options);
  return {
    processes: [...wanted].map(([module, changes]) => ({
      module,
      changes: [...changes],
      ...(byModule.get(module) ?? NOBODY),
    })),
    oldCode: await oldCode(remote, rows, most, { timeout, signal }),
    ...others,
  };
}

/** The supervised processes of some modules, and who would not tell. */
export interface Supervised
  extends Pick<RelupImpact, "askedByHandler" | "unanswered" | "notAsked"> {
  readonly byModule: ReadonlyMap<string, Processes>;
}

/** The processes whose child spec names one of the modules; asks supervisors only, all of one level at once. Read-only. */
export async function supervisedBy(
  remote: Remote,
  modules: readonly string[],
  options: RelupImpactOptions = {},
): Promise<Supervised> {
  const { pids: most = 10, wait = 2000, timeout = 60_000, signal } = options;
  const bindings = { Modules: modules.map(atom), Most: most, Wait: wait };
  const answer = new Answer(remote, IMPACT.name);
  const [found, asked, hung, others] = answer.tuple(
    await runScript(remote, IMPACT, bindings, { timeout, signal }),
    4,
  );
  const processes = (count: Term | undefined, pids: Term | undefined): Processes => ({
    count: answer.integer(count),
    pids: answer.list(pids).map((pid) => answer.pid(pid)),
  });
  const group = (term: Term | undefined) => {
    const [count, pids] = answer.tuple(term, 2);
    return processes(count, pids);
  };
  return {
    byModule: new Map(
      answer.list(found).map((row) => {
        const [module, count, pids] = answer.tuple(row, 3);
        return [answer.atom(module), processes(count, pids)] as const;
      }),
    ),
    askedByHandler: group(asked),
    unanswered: group(hung),
    notAsked: group(others),
  };
}

const NOBODY: Processes = { count: 0, pids: [] };

const CHANGES: Readonly<Record<string, readonly ProcessChange[]>> = {
  suspend: ["suspend"],
  code_change: ["code_change"],
  stop: ["stop"],
  update: ["suspend", "code_change"],
};

function changesByModule(rows: readonly RelupRow[]): Map<string, Set<ProcessChange>> {
  const wanted = new Map<string, Set<ProcessChange>>();
  for (const { kind, modules } of rows) {
    const changes = Object.hasOwn(CHANGES, kind) ? CHANGES[kind] : undefined;
    if (changes === undefined) continue;
    for (const module of modules) {
      wanted.set(module, new Set([...(wanted.get(module) ?? []), ...changes]));
    }
  }
  return wanted;
}

async function oldCode(
  remote: Remote,
  rows: readonly RelupRow[],
  most: number,
  call: CallOptions,
): Promise<OldCodeProcesses[]> {
  const modes = purgeModes(rows.map(({ instruction }) => instruction));
  const purged = modes.filter(({ pre, purges }) => pre.brutal + pre.soft + purges > 0);
  const running = await processesRunningOldCode(
    remote,
    purged.map(({ module }) => module),
    call,
  );
  const pids = new Map(running.map((found) => [found.module, found.pids]));
  return purged.map(({ module, pre }) => {
    const all = pids.get(module) ?? [];
    // A soft purge is checked before anything else is done, so where both are named it refuses.
    const purge = pre.soft > 0 ? "soft" : "brutal";
    return { module, purge, count: all.length, pids: all.slice(0, most) };
  });
}
