/** What has happened since the check: errors that were logged, children that were started anew, processes that were passed over. */

import type { CrashReports } from "../../otp/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import type { Listener } from "../../topology/index.ts";
import type { NamedChild, Picture } from "./picture.ts";
import { ok, some, type VerifiedItem } from "./verified.ts";

type Item = Omit<VerifiedItem, "at">;

/**
 * Processes whose state the relup should have changed, which ran before the install and are named by no child specification: the release handler
 * could not find them, so they hold a state of the old version.
 */
export function processItem(
  before: Picture,
  after: Picture,
  modules: readonly string[],
  back: boolean,
): Item {
  const had = new Set(before.unlisted.map(({ pid }) => String(pid)));
  const missed = after.unlisted.filter(({ pid }) => had.has(String(pid)));
  if (missed.length === 0) {
    return ok("processes", modules.length, "none was passed over by the change of states");
  }
  const names = [...new Set(missed.map(({ module }) => moduleLabel(module)))];
  return {
    what: "processes",
    result: back ? "warning" : "failed",
    compared: modules.length,
    found: `${missed.length} processes of ${some(names)} stand in no child specification, so their state was not changed`,
    about: missed.map(({ pid }) => String(pid)),
  };
}

/** Children of static supervisors that have another pid now, but for those of listeners, which we stop and start ourselves, and those that the relup stops. */
export function restartItem(
  before: Picture,
  after: Picture,
  listeners: readonly Listener[],
  stopped: readonly string[],
): Item {
  const ours = new Set(
    listeners.flatMap(({ supervisors, stops, acceptors }) =>
      [
        supervisors.listener,
        ...[...stops.refuse, ...acceptors].map(({ supervisor }) => supervisor),
      ].map(String),
    ),
  );
  const key = ({ supervisor, id }: NamedChild) => `${supervisor} ${id}`;
  const now = new Map(after.children.map((child) => [key(child), child]));
  const known = before.children.filter(({ supervisor }) => !ours.has(supervisor));
  const anew = known.filter((child) => {
    const found = now.get(key(child));
    return (
      found !== undefined &&
      found.pid !== child.pid &&
      !child.modules.some((module) => stopped.includes(module))
    );
  });
  if (anew.length === 0) return ok("restarts", known.length, "no supervisor has restarted a child");
  return {
    what: "restarts",
    result: "warning",
    compared: known.length,
    found: `supervisors have restarted ${some(anew.map(({ id }) => id))}`,
    about: anew.map(({ pid }) => pid),
  };
}

/** @param strict whether an error that concerns a changed module is a failure: while it soaks the version is on trial */
export function crashItem(
  reports: CrashReports,
  modules: readonly string[],
  { strict, after = 0 }: { readonly strict: boolean; readonly after?: number },
): Item {
  const count = reports.count - after;
  if (count <= 0) return ok("crashes", 0, "the node has logged no error");
  const changed = new Set(modules);
  const fresh = reports.first.slice(after);
  const concern = fresh.filter((report) => report.modules.some((module) => changed.has(module)));
  const lines = (concern.length > 0 ? concern : fresh).map(({ kind, pid, reason, modules: of }) => {
    const named = of
      .filter((module) => changed.has(module) || concern.length === 0)
      .map(moduleLabel);
    return [kind, pid === undefined ? "" : String(pid), reason ?? "", some(named, 2)]
      .filter((part) => part !== "")
      .join(" ");
  });
  const own = concern.length === 0 ? "" : `, ${concern.length} of them of changed modules`;
  return {
    what: "crashes",
    result: strict && concern.length > 0 ? "failed" : "warning",
    compared: count,
    found: `the node has logged ${count} errors${own}: ${some([...new Set(lines)], 3)}`,
    about: [...new Set(concern.flatMap((report) => report.modules))].filter((m) => changed.has(m)),
  };
}
