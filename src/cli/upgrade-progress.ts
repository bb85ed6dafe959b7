/** Shows an upgrade while it runs: a task list on a terminal, one line a change elsewhere. */

import { Listr, ListrLogger, ProcessOutput } from "listr2";
import { prefixOf } from "../instructions/index.ts";
import { type Operation, STAGES, type Stage, type UpgradeEvent } from "../upgrade/index.ts";
import { plain } from "./output/plain.ts";
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
  if (event.type === "log" && event.level === "debug") return undefined;
  if (event.type === "log") return `${event.stage}: ${prefixOf(event.level)}${event.text}`;
  if (event.type === "print") return lastLine(event.text);
  return event.state === "skipped" ? undefined : `${event.stage} ${event.state}`;
}

/** What is left to see of a text with carriage returns: a countdown shows its end. */
function lastLine(text: string): string | undefined {
  const shown =
    text
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1)
      ?.trim() ?? "";
  return shown === "" || !text.endsWith("\n") ? undefined : shown;
}

/** What a drawn task can be told. */
interface Task {
  title: string;
  output: string;
  skip(): void;
}

type Outcome = "done" | "failed" | "skipped";

async function draw(operation: AsyncIterable<UpgradeEvent>): Promise<void> {
  const ends = new Map<Stage, (outcome: Outcome) => void>();
  const tasks = new Map<Stage, Task>();
  const list = new Listr(
    STAGES.map((stage) => {
      const ended = new Promise<Outcome>((resolve) => ends.set(stage, resolve));
      return {
        title: stage,
        task: async (_context: object, task: Task) => {
          tasks.set(stage, task);
          const outcome = await ended;
          if (outcome === "skipped") task.skip();
          if (outcome === "failed") throw new Error(`${stage} failed`);
        },
        rendererOptions: { persistentOutput: true, bottomBar: false },
      };
    }),
    {
      renderer: "default",
      rendererOptions: { collapseErrors: false, showErrorMessage: false, logger: onStderr() },
    },
  );
  const drawn = list.run().catch(() => undefined);
  try {
    for await (const event of operation) {
      if (event.type === "stage" && event.state !== "start") ends.get(event.stage)?.(event.state);
      else if (event.type === "log" && event.level !== "debug") {
        const task = tasks.get(event.stage);
        if (task !== undefined) task.output = plain(`${prefixOf(event.level)}${event.text}`);
      } else if (event.type === "print") {
        const task = tasks.get(event.stage);
        if (task !== undefined) task.output = plain(event.text.trim());
      }
    }
  } finally {
    for (const end of ends.values()) end("skipped");
    await drawn;
  }
}

/** Results alone go to standard output, so the list is drawn on the other one. */
function onStderr(): ListrLogger {
  return new ListrLogger({
    useIcons: true,
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  });
}
