/** Reports: what is in them, and how they are shown. */

export { type ReportFormat, renderReport } from "./render.ts";
export { type OperationReport, REPORT_SCHEMA } from "./report.ts";
export type { AnyReport } from "./words.ts";
