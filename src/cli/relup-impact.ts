/** What a relup comes to and whom it would touch, as the commands that look at relups show it. */

import {
  moduleLabel,
  type Processes,
  type RelupImpact,
  type RelupSummary,
} from "../relup/index.ts";
import type { Json } from "./output/json.ts";
import type { Printer } from "./output/printer.ts";

/** A whole list in a line. */
export function sumUp(summary: RelupSummary): string {
  const { modulesLoaded, modulesRemoved, suspendedBy, emulatorRestarts } = summary;
  const named = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what} ${names.join(", ")}`];
  return [
    `loads ${modulesLoaded.length} modules`,
    ...(modulesRemoved.length === 0 ? [] : [`removes ${modulesRemoved.length}`]),
    `suspends processes of ${suspendedBy.length}`,
    ...named("restarts", summary.applicationsRestarted),
    ...named("stops", summary.applicationsStopped),
    ...named("starts", summary.applicationsStarted),
    emulatorRestarts === 0 ? "the node does not restart" : "the node RESTARTS",
  ].join("; ");
}

/** A line of those who would be affected now. */
interface Affected extends Processes {
  readonly module: string;
  readonly what: string;
}

const SAYS = { suspend: "suspended", code_change: "state converted", stop: "stopped" } as const;

/** Lists who would be touched now. */
export function listImpact(printer: Printer, impact: RelupImpact): void {
  const affected: Affected[] = [
    ...impact.processes.map(({ changes, ...found }) => ({
      ...found,
      what: changes.map((change) => SAYS[change]).join(", "),
    })),
    ...impact.oldCode.map(({ purge, ...found }) => ({
      ...found,
      what: purge === "brutal" ? "run old code: killed" : "run old code: the upgrade is refused",
    })),
    { module: "(dynamic)", what: "asked by the release handler", ...impact.askedByHandler },
  ].filter(({ count }) => count > 0);
  printer.rows(
    affected,
    [
      { title: "MODULE", cell: ({ module }) => moduleLabel(module) },
      { title: "NOW", cell: ({ count }) => count, right: true },
      { title: "PROCESSES", cell: ({ what }) => what },
      { title: "PIDS", cell: some },
    ],
    ({ module, count, what }) => ({ module, count, what }),
    "no process would be touched now",
  );
}

/** The count that is too many to be named, and the pids. */
export function some({ count, pids }: Processes): string {
  return pids.join(" ") + (count > pids.length ? ` and ${count - pids.length} more` : "");
}

/** Who would be touched, for machines. */
export function impactJson(impact: RelupImpact): { [name: string]: Json } {
  const json = ({ count, pids }: Processes) => ({ count, pids: pids.map(String) });
  return {
    processes: impact.processes.map((found) => ({
      module: found.module,
      changes: found.changes,
      ...json(found),
    })),
    oldCode: impact.oldCode.map((found) => ({
      module: found.module,
      purge: found.purge,
      ...json(found),
    })),
    askedByHandler: json(impact.askedByHandler),
    unanswered: json(impact.unanswered),
    notAsked: json(impact.notAsked),
  };
}
