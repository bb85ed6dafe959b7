/** Shows an upgrade while it runs: a task list on a terminal, one line a change elsewhere. */

import { Listr, type ListrTaskWrapper } from "listr2";
import { type Operation, STAGES, type Stage, type UpgradeEvent } from "../upgrade/index.ts";
import type { Printer } from "./output/printer.ts";

/** Follows the operation to its end and returns its result. */
export async function follow<Result>(
  operation: Operation<UpgradeEvent, Result>,
  printer: Printer,
  quiet: boolean,
): Promise<Result> {
  if (printer.format === "ndjson") {
    for await (const event of operation) process.stdout.write(`${JSON.stringify(event)}\n`);
  } else if (!quiet && process.stderr.isTTY === true) {
    await draw(operation);
  } else if (!quiet) {
    for await (const event of operation) {
      const line = lineOf(event);
      if (line !== undefined) printer.note(`${new Date(event.at).toISOString()} ${line}`);
    }
  }
  return operation;
}

/** One event as a line of plain text. */
export function lineOf(event: UpgradeEvent): string | undefined {
  if (event.type === "plan") return `plan: ${event.steps.join(" → ")}`;
  if (event.type === "log") return `${event.stage}: ${prefix(event.level)}${event.text}`;
  return event.state === "skipped" ? undefined : `${event.stage} ${event.state}`;
}

function prefix(level: string): string {
  return level === "warning" || level === "error" ? `${level}: ` : "";
}

async function draw(operation: AsyncIterable<UpgradeEvent>): Promise<void> {
  const stages = new Map<
    Stage,
    { start: () => void; end: (failed: boolean, skip: boolean) => void }
  >();
  const tasks = new Map<Stage, ListrTaskWrapper<unknown, never, never>>();
  const list = new Listr(
    STAGES.map((stage) => {
      let finish: (outcome: "done" | "failed" | "skipped") => void = () => undefined;
      const ended = new Promise<"done" | "failed" | "skipped">((resolve) => {
        finish = resolve;
      });
      stages.set(stage, {
        start: () => undefined,
        end: (failed, skip) => finish(failed ? "failed" : skip ? "skipped" : "done"),
      });
      return {
        title: stage,
        task: async (_context: unknown, task: ListrTaskWrapper<unknown, never, never>) => {
          tasks.set(stage, task);
          const outcome = await ended;
          if (outcome === "failed") throw new Error(task.output ?? stage);
          if (outcome === "skipped") task.skip();
        },
        rendererOptions: { persistentOutput: true },
      };
    }),
    {
      concurrent: false,
      exitOnError: true,
      rendererOptions: { collapseErrors: false },
    } as never,
  );
  const drawn = list.run().catch(() => undefined);
  try {
    for await (const event of operation) {
      if (event.type === "stage" && event.state !== "start") {
        stages.get(event.stage)?.end(event.state === "failed", event.state === "skipped");
      } else if (event.type === "log") {
        const task = tasks.get(event.stage);
        if (task !== undefined) task.output = event.text;
      }
    }
  } finally {
    for (const { end } of stages.values()) end(false, true);
    await drawn;
  }
}
