/** The options that decide what is done around an install, shared by the commands that plan and those that do it. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import type { AcceptorMode, PlanEntry, SuspendTarget } from "../instructions/index.ts";
import type { BudgetOptions, UpgradeOptions } from "../upgrade/index.ts";
import type { Local } from "./command.ts";
import { milliseconds } from "./duration.ts";

/** Which processes of a websocket are suspended. */
export function targetOption(): Option {
  return new Option("--suspend <what>", "which processes of a websocket are suspended")
    .choices(["channels", "transports", "both"])
    .default("channels");
}

/** Adds what {@link planOptions} reads. */
export function addPlanOptions(
  command: Command,
  { plan = true }: { plan?: boolean } = {},
): Command {
  if (plan) {
    command.option(
      "--plan <plan>",
      "edeliver, minimal, or a module whose default export is a list",
      "edeliver",
    );
    command.option(
      "--in-relup",
      "run the plan from within the relup; if we vanish then, the node restarts",
    );
  }
  if (plan) {
    command
      .option("--load-protocols", "load the new version's consolidated protocols after the install")
      .option(
        "--refresh-endpoints",
        "have Phoenix endpoints read the new manifest of static assets",
      );
  }
  return command
    .addOption(targetOption())
    .addOption(acceptorsOption())
    .option("--listener <name...>", "only these listeners (default: all)")
    .option("--app <application>", "the OTP application (default: the release's name)")
    .option("--drain <duration>", "how long running requests are waited for", "500ms")
    .option(
      "--accept <code...>",
      "do it all the same in spite of these dangers that the check finds",
    )
    .option("--notify-requests", "send edeliver's messages to requests that outlast the wait");
}

/** Adds what {@link budgetOptions} reads. */
export function addBudgetOptions(command: Command): Command {
  return command
    .option("--budget <duration>", "the longest hold before the install", "8s")
    .option("--hard-budget <duration>", "the longest hold in all, outside of the install", "25s")
    .option("--queue-limit <messages>", "end the hold when so many wait for one process", "50000")
    .option("--memory-limit <megabytes>", "end it when the held processes grow by so much");
}

/** @throws UsageError when one of them is no number */
export function budgetOptions(local: Local): BudgetOptions {
  const memory = local["memoryLimit"];
  return {
    soft: limited(String(local["budget"])),
    hard: limited(String(local["hardBudget"])),
    queue: numberOf(local["queueLimit"]),
    ...(memory === undefined ? {} : { memory: numberOf(memory) * 1_048_576 }),
  };
}

/** A hold without a limit would be none. */
function limited(text: string): number {
  const time = milliseconds(text);
  if (time > 0) return time;
  throw new UsageError("a budget is no limit when it is 0", { remedy: "Give a time, as 8s." });
}

function numberOf(text: unknown): number {
  const value = Number(text);
  if (text !== "" && value > 0) return value;
  throw new UsageError(`"${String(text)}" is no limit`, { remedy: "Give a positive number." });
}

/** Adds what `reportFiles` reads. */
export function addReportOption(command: Command): Command {
  return command.option(
    "--report <file...>",
    "write a report, also when it fails: FILE.html, FILE.json or FILE.txt",
  );
}

/** What becomes of new clients. */
export function acceptorsOption(): Option {
  return new Option("--acceptors <mode>", "whether new clients wait or are refused")
    .choices(["hold", "refuse"])
    .default("hold");
}

/** @throws UsageError when the plan is no module with a list in it */
export async function planOptions(local: Local): Promise<UpgradeOptions> {
  const application = local["app"] as string | undefined;
  const listeners = local["listener"] as readonly string[] | undefined;
  const accept = local["accept"] as readonly string[] | undefined;
  return {
    plan: await planOf(String(local["plan"] ?? "edeliver")),
    suspend: local["suspend"] as SuspendTarget,
    acceptors: local["acceptors"] as AcceptorMode,
    drainTimeout: milliseconds(String(local["drain"])),
    inRelup: local["inRelup"] === true,
    notifyRequests: local["notifyRequests"] === true,
    loadProtocols: local["loadProtocols"] === true,
    refreshEndpoints: local["refreshEndpoints"] === true,
    ...(local["budget"] === undefined ? {} : { budget: budgetOptions(local) }),
    ...(accept === undefined ? {} : { accept }),
    ...(application === undefined ? {} : { application }),
    ...(listeners === undefined ? {} : { listeners }),
  };
}

async function planOf(plan: string): Promise<NonNullable<UpgradeOptions["plan"]>> {
  if (plan === "edeliver" || plan === "minimal") return plan;
  const remedy = "Name edeliver, minimal, or a file with `export default [...]` of instructions.";
  let found: unknown;
  try {
    const module = (await import(pathToFileURL(resolve(plan)).href)) as { default?: unknown };
    found = module.default;
  } catch (error) {
    throw new UsageError(`the plan ${plan} cannot be loaded`, { remedy, cause: error });
  }
  if (!Array.isArray(found) || !found.every(isEntry)) {
    throw new UsageError(`the default export of ${plan} is no list of instructions`, { remedy });
  }
  return found;
}

function isEntry(entry: unknown): entry is PlanEntry {
  if (typeof entry === "function") return true;
  return (
    typeof entry === "object" &&
    entry !== null &&
    typeof (entry as { modifyRelup?: unknown }).modifyRelup === "function"
  );
}
