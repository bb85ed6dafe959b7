/** A report in the forms that people read. */

import { htmlReport } from "./html.ts";
import { summary, textReport } from "./text.ts";
import type { AnyReport } from "./words.ts";

/** `html`: one page that needs nothing else; `text`: all of it; `summary`: some lines for a terminal. */
export type ReportFormat = "html" | "text" | "summary";

/**
 * Renders the report of any operation. Texts of clients and of the node are escaped: no text in any field becomes markup, or moves a terminal.
 * For machines the report itself is plain data: `JSON.stringify(report)`.
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { renderReport, upgrade } from "beamctl";
 *
 * const report = await upgrade(node, "0.2.0");
 * console.log(renderReport(report, "summary"));
 * await writeFile("upgrade.html", renderReport(report, "html"));
 */
export function renderReport(report: AnyReport, format: ReportFormat): string {
  if (format === "html") return htmlReport(report);
  return format === "text" ? textReport(report) : summary(report);
}
