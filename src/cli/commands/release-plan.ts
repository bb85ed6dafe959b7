/** `beamctl release plan`: whether an upgrade would be done, why not, whom it would touch, and its steps. Changes nothing. */

import { observer } from "../../otp/index.ts";
import {
  type CheckUpgradeOptions,
  checkUpgrade,
  type Finding,
  SEVERITIES,
  type UpgradeCheck,
} from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { findingLines } from "../output/findings.ts";
import type { Json } from "../output/json.ts";
import { plain } from "../output/plain.ts";
import { Printer } from "../output/printer.ts";
import { planOptions } from "../plan-options.ts";
import { listSteps, stepJson } from "../plan-steps.ts";
import { impactJson, listImpact, sumUp } from "../relup-impact.ts";
import { connectTo, observe } from "../session.ts";

/** Where the output is no terminal. */
const COLUMNS = 100;

export const run: Run = async (globals, local, [version = ""]) => {
  const options = await planOptions(local);
  return observe(globals, async ({ remote, signal, target }) => {
    const printer = new Printer(globals);
    const reach: CheckUpgradeOptions["reach"] = async (name, work) => {
      const other = await connectTo(globals, { ...target, node: name, address: undefined }, signal);
      try {
        return await work(observer(other));
      } finally {
        await other.close();
      }
    };
    const more = local["cluster"] === true ? { signal, reach } : { signal };
    const check = await checkUpgrade(remote, version, { ...options, ...more });
    if (printer.format === "json") printer.record(json(check));
    else if (printer.format === "ndjson") lines(check);
    else show(printer, check);
    return check.refused ? EXIT.refused : undefined;
  });
};

function show(printer: Printer, check: UpgradeCheck): void {
  const { findings, way } = check;
  const columns = process.stdout.columns ?? COLUMNS;
  const style: Printer["style"] = (name, text) => printer.style(name, text);
  const found = findingLines(findings, columns, style);
  if (found.length > 0) process.stdout.write(`${found.join("\n")}\n\n`);
  if (way !== undefined) {
    process.stdout.write(`${plain(way.file)}: ${plain(sumUp(way.summary))}\n\n`);
    listImpact(printer, way.impact);
    printer.gap();
    if (way.plan !== undefined) {
      listSteps(printer, way.plan.steps);
      printer.gap();
    }
  }
  const verdict = plain(verdictOf(check));
  process.stdout.write(`${printer.style(check.refused ? "red" : "green", verdict)}\n`);
}

function verdictOf({ node, from, to, findings, refused, way }: UpgradeCheck): string {
  const what = `${node}: ${from ?? "no release"} → ${to}`;
  const counts = SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? severity : plural(severity)}`];
  });
  const found = counts.length === 0 ? "nothing found" : counts.join(", ");
  if (refused) return `${what} would be refused: ${found}`;
  return `${what}: the ${way?.direction ?? "up"}grade can be done; ${found}`;
}

function plural(severity: Finding["severity"]): string {
  return `${severity}s`;
}

function json(check: UpgradeCheck): { [name: string]: Json } {
  const { node, from, to, findings, refused, way } = check;
  return {
    node,
    from: from ?? null,
    to,
    refused,
    findings: findings.map(findingJson),
    way: wayJson(way),
    steps: way?.plan === undefined ? null : way.plan.steps.map(stepJson),
    impact: way === undefined ? null : impactJson(way.impact),
  };
}

function wayJson(way: UpgradeCheck["way"]): Json {
  if (way === undefined) return null;
  const { direction, file, summary, plan } = way;
  return { direction, file, plan: plan?.plan ?? null, summary: { ...summary } };
}

function findingJson({ about = [], ...finding }: Finding): { [name: string]: Json } {
  return { ...finding, about };
}

function lines(check: UpgradeCheck): void {
  const line = (value: Json) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const { node, from, to, refused, way } = check;
  for (const finding of check.findings) line({ type: "finding", ...findingJson(finding) });
  if (way !== undefined) line({ type: "impact", ...impactJson(way.impact) });
  for (const step of way?.plan?.steps ?? []) line({ type: "step", ...stepJson(step) });
  line({ type: "verdict", node, from: from ?? null, to, refused, way: wayJson(way) });
}
