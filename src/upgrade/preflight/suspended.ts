/** Processes that somebody has suspended. */

import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";
import { type SuspendedProcess, surveyOf } from "./survey.ts";
import { few, number } from "./words.ts";

/** A suspended supervisor fails the release handler's walk; anybody else stands still for its callers. */
export const suspended: Check = {
  name: "suspended processes",
  find: async (given) => {
    const { count, named } = (await surveyOf(given)).suspended;
    if (count === 0) return [];
    const walks = (await given.impact()).processes.length > 0;
    const fatal = walks ? named.filter(({ supervisor }) => supervisor) : [];
    const others = named.filter((one) => !fatal.includes(one));
    const found: Finding[] = [];
    if (fatal.length > 0) {
      found.push({
        code: "supervisor-suspended",
        severity: "refusal",
        what: `${number(fatal.length, "supervisor is", "supervisors are")} suspended: ${few(fatal.map(words))}`,
        cause:
          "the release handler's walk through the supervisors fails at it after the point of no return, and that restarts the node",
        remedy: remedyOf(fatal),
        about: fatal.map(({ pid }) => String(pid)),
      });
    }
    if (others.length > 0) {
      const rest = count - fatal.length;
      found.push({
        code: "process-suspended",
        severity: "warning",
        what: `${number(rest, "process is", "processes are")} suspended: ${few(others.map(words), rest)}`,
        cause:
          "it answers nobody; its state is changed by the relup only if it was suspended by sys, and the relup's own resume may wake it",
        remedy: remedyOf(others),
        about: others.map(({ pid }) => String(pid)),
      });
    }
    return found;
  },
};

function words({ pid, name, application, how, by }: SuspendedProcess): string {
  const app = application === undefined ? "" : ` of ${application}`;
  return `${name}${app} (${pid}${how === "frozen" ? `, frozen by ${by}` : ""})`;
}

function remedyOf(all: readonly SuspendedProcess[]): string {
  return all.some(({ how }) => how === "sys")
    ? "If another upgrade left it so, `beamctl recover` gives it back; else `sys:resume/1`."
    : "Whoever froze it resumes it, or ends: then the runtime resumes it.";
}
