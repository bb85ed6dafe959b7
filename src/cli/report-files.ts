/** The reports that `--report` asks for: a file each, its form by its ending. */

import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { isBeamError, UsageError } from "../errors.ts";
import { type AnyReport, renderReport, UpgradeError } from "../upgrade/index.ts";
import type { Local } from "./command.ts";
import type { Json } from "./output/json.ts";

const FORMS: Readonly<Record<string, (report: AnyReport) => string>> = {
  ".html": (report) => renderReport(report, "html"),
  ".txt": (report) => renderReport(report, "text"),
  ".json": (report) => `${JSON.stringify(report, null, 2)}\n`,
};

/**
 * The files that are asked for.
 * @throws UsageError when one has an ending that no form has; so before anything is done
 */
export function reportFiles(local: Local): readonly string[] {
  const files = (local["report"] as readonly string[] | undefined) ?? [];
  for (const file of files) {
    if (FORMS[extname(file)] !== undefined) continue;
    throw new UsageError(`no report can be written as ${file}`, {
      remedy: "Let its name end in .html, .json or .txt.",
    });
  }
  return files;
}

/** Writes them. A file that cannot be written does not hide how the operation ended: it is told in a note. */
export async function writeReports(
  report: AnyReport,
  files: readonly string[],
  note: (text: string) => void,
): Promise<void> {
  for (const file of files) {
    try {
      await writeFile(file, (FORMS[extname(file)] as (report: AnyReport) => string)(report));
    } catch (error) {
      note(`warning: the report ${file} could not be written: ${(error as Error).message}`);
    }
  }
}

/** Waits for an operation, and writes the reports of it, also when it failed. */
export async function reported<Report extends AnyReport>(
  work: Promise<Report>,
  files: readonly string[],
  note: (text: string) => void,
): Promise<Report> {
  try {
    const report = await work;
    await writeReports(report, files, note);
    return report;
  } catch (error) {
    const report = isBeamError(error) && error instanceof UpgradeError ? error.report : undefined;
    if (report !== undefined) await writeReports(report, files, note);
    throw error;
  }
}

/** The whole report for machines. */
export function reportJson(report: AnyReport): { readonly [name: string]: Json } {
  return JSON.parse(JSON.stringify(report)) as { [name: string]: Json };
}
