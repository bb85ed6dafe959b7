/** Old code that processes run now, and who will run it after this upgrade. */

import { modulesWithOldCode } from "../../otp/index.ts";
import { moduleLabel, partsOf } from "../../relup/index.ts";
import { Atom, type Term, Tuple } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { surveyOf } from "./survey.ts";
import { few, number } from "./words.ts";

/** A load purges the module's old code: brutally it kills who runs it, softly it refuses. */
export const oldCode: Check = {
  name: "processes in old code",
  find: async (given) => {
    const running = (await given.impact()).oldCode.filter(({ count }) => count > 0);
    const found = running.map(({ module, purge, count, pids }): Finding => {
      const brutal = purge === "brutal";
      return {
        code: brutal ? "old-code-killed" : "old-code-runs",
        severity: brutal ? "danger" : "refusal",
        what: `${number(count, "process runs", "processes run")} old code of ${moduleLabel(module)}: ${few(pids, count)}`,
        cause: brutal
          ? "the relup purges it brutally, which kills them"
          : "the relup purges it softly: the release handler refuses while they do",
        remedy:
          "Let them end, or restart them. The plans edeliver and minimal refuse in this case whatever is accepted (CheckProcessesRunningOldCode).",
        about: [module, ...pids.map(String)],
      };
    });
    return [...found, ...(await unpurged(given)), ...(await lingering(given))];
  },
};

/** Loads by a call of `code`, which fails where there is old code: after the point of no return the node restarts then. */
async function unpurged({ remote, rows, call }: Given): Promise<Finding[]> {
  const loaded = rows.flatMap(({ instruction, phase }) => {
    const { tag, args } = partsOf(instruction);
    const [module, fun, given] =
      tag === "apply" && args[0] instanceof Tuple ? args[0].items : ([] as Term[]);
    const loads = isNamed(module, "code") && isNamed(fun, "load_file", "load_binary");
    const [name] = loads && Array.isArray(given) ? (given as readonly Term[]) : [];
    return phase === "after" && name instanceof Atom ? [name.name] : [];
  });
  if (loaded.length === 0) return [];
  const old = new Set(await modulesWithOldCode(remote, call));
  return loaded
    .filter((module) => old.has(module))
    .map((module) => ({
      code: "old-code-not-purged",
      severity: "danger",
      what: `the relup loads ${moduleLabel(module)} by a call of \`code\`, and old code of it is there`,
      cause: "the call gives `not_purged` and loads nothing; nobody looks at what it gives",
      remedy: "Purge it before, by `code:soft_purge/1`, or load it by the relup's own instruction.",
      about: [module],
    }));
}

/** Who stands in code that is about to be replaced: the next purge of it kills them. */
async function lingering(given: Given): Promise<Finding[]> {
  const { standing } = await surveyOf(given);
  if (standing.length === 0) return [];
  const words = standing.map(
    ({ module, count, pids }) => `${moduleLabel(module)} (${few(pids, count, 3)})`,
  );
  const total = standing.reduce((sum, { count }) => sum + count, 0);
  return [
    {
      code: "will-run-old-code",
      severity: "notice",
      what: `${number(total, "process stands", "processes stand")} in code that is replaced: ${few(words)}`,
      cause:
        "those that do not leave it in time run old code afterwards: the version is made permanent only when they have ended, since that, or the next load, would kill them",
      remedy:
        "Requests end by themselves. A loop of one's own leaves old code at its next call with the module's name.",
      about: standing.flatMap(({ module, pids }) => [module, ...pids.map(String)]),
    },
  ];
}

function isNamed(term: Term | undefined, ...names: readonly string[]): boolean {
  return term instanceof Atom && names.includes(term.name);
}
