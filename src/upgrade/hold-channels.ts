/** Channels held for a while and given back: the hold of an upgrade without the upgrade. */

import { randomUUID } from "node:crypto";
import { isBeamError, UsageError } from "../errors.ts";
import { Guardian, leftOf, type UndoReport } from "../guard/index.ts";
import {
  type LogLevel,
  noFacts,
  type SuspendTarget,
  stopTargets,
  type Target,
} from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import { type Budget, type BudgetOptions, budgetOf, staleWarning } from "./budget/budget.ts";
import { Held } from "./held.ts";
import { operationReport } from "./report/compose.ts";
import type { OperationReport } from "./report/report.ts";
import { Stages } from "./stages.ts";
import { whenOver } from "./when-over.ts";

/** How channels are held. Times are in milliseconds. */
export interface HoldChannelsOptions {
  readonly suspend: SuspendTarget;
  /** How long; 0 until `signal` fires. Never longer than the hard budget, which is refused before, or ends it. */
  readonly time: number;
  readonly budget?: BudgetOptions;
  /** Where journals are kept; default the user's state directory. */
  readonly stateDirectory?: string;
  readonly signal?: AbortSignal;
  readonly log?: (level: LogLevel, text: string) => void;
}

/** What came of it. */
export interface HeldChannels {
  /** The end of the hold, as the guardian tells it. */
  readonly end: UndoReport;
  /** Why it ended before its time: the budget's reason, when it was that. */
  readonly stopped: string | null;
  readonly report: OperationReport;
}

const SUSPEND_TIMEOUT = 1_000;
/** What the guardian grants beyond the time. */
const SLACK = 5_000;

/**
 * The budget of a hold that is wished to last so long.
 * @throws UsageError when it is longer than what is allowed
 */
export async function budgetOfHold(
  node: BeamNode,
  suspend: SuspendTarget | undefined,
  time: number,
  options: BudgetOptions = {},
): Promise<Budget> {
  const allowed = await budgetOf(node, options, { suspend, drainTimeout: 0, modules: 0 });
  const { hard, lowered } = allowed;
  if (time > hard) {
    const why = lowered.length === 0 ? "" : ` (${lowered.join("; ")})`;
    throw new UsageError(`a hold of ${time} ms is longer than the budget of ${hard} ms${why}`, {
      remedy: "Hold for a shorter time, or allow more with --hard-budget.",
    });
  }
  const soft = time === 0 ? hard : time;
  return { ...allowed, soft, expected: soft, rest: 0 };
}

/**
 * Suspends these, waits, and resumes them, under a guardian. Much that waits for them ends it early. Meant for a busy production node.
 * @throws UsageError when the time is longer than the budget; the guardian's errors
 */
export async function holdChannels(
  node: BeamNode,
  found: readonly Target[],
  { suspend, time, budget: limits, stateDirectory, signal, log }: HoldChannelsOptions,
): Promise<HeldChannels> {
  const operation = randomUUID();
  const stages = new Stages((event) => {
    if (event.type === "log") log?.(event.level, event.text);
  });
  const warning = staleWarning(suspend);
  if (warning !== undefined) stages.log("warning", warning);
  const budget = await budgetOfHold(node, suspend, time, limits);
  for (const why of budget.lowered) stages.log("info", why);
  const facts = noFacts();
  const held = new Held(node, stages);
  const guardian = await stages.in("guard", () =>
    Guardian.arm(node, {
      operation,
      purpose: `chan suspend ${suspend}`,
      cap: budget.soft + SLACK,
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
    }),
  );
  const watch = held.begin(guardian, budget, () => true);
  const work = stages.in("suspend", async () => {
    const { result, stopped } = await stopTargets(guardian, found, SUSPEND_TIMEOUT);
    const stand = new Set(stopped.map(String));
    facts.suspended = stopped;
    facts.sockets = found.filter(({ pid }) => stand.has(String(pid)));
    if (result === "not_supported") stages.log("warning", "none of them answers");
    else if (stopped.length < found.length) {
      stages.log("warning", `${found.length - stopped.length} could not be suspended`);
    }
    stages.log("info", `${stopped.length} suspended; Ctrl-C resumes them`);
    await whenOver(time, [signal, guardian.lost, watch.cut]);
  });
  const [done] = await Promise.allSettled([work]);
  const end = await stages.in("resume", () => guardian.undo());
  await held.end(facts);
  stages.finish("done");
  // What is left on the node weighs more than why the rest failed.
  if (done.status === "rejected" && leftOf(end) !== "something") throw done.reason;
  const report = operationReport({
    kind: "suspend",
    title: `hold of ${found.length} ${suspend === "both" ? "channels and transports" : suspend}`,
    operation,
    node: node.name,
    timeline: stages.timeline,
    ...(await held.seen()),
    facts,
    acceptors: "hold",
    findings: [],
    failure: failureOf(end, done),
  });
  return { end, stopped: report.budget?.stopped ?? null, report };
}

function failureOf(end: UndoReport, done: PromiseSettledResult<void>): OperationReport["failure"] {
  const left = leftOf(end);
  if (left === "nothing" && end.why === "asked") return null;
  const cause: unknown = done.status === "rejected" ? done.reason : undefined;
  return {
    stage: "resume",
    outcome: left === "nothing" ? "unchanged" : left === "something" ? "suspended" : "unknown",
    message:
      left === "nothing"
        ? `the guardian gave everything back early (${end.why})`
        : "not everything that was held is known to run again",
    remedy: (isBeamError(cause) ? cause.remedy : undefined) ?? "Run `beamctl recover`.",
  };
}
