/** Shows an upgrade while it runs: a task list on a terminal, one line a change elsewhere. */

import { Listr, ListrLogger, ProcessOutput } from "listr2";
import { prefixOf } from "../instructions/index.ts";
import {
  type Finding,
  type Operation,
  STAGES,
  type Stage,
  type UpgradeEvent,
} from "../upgrade/index.ts";
import { Lines } from "./output/lines.ts";
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
    const printed = new Lines();
    const note = (line: string, at: number) =>
      printer.note(`${new Date(at).toISOString()} ${line}`);
    try {
      for await (const event of operation) {
        for (const line of linesOf(event, printed)) note(line, event.at);
      }
    } finally {
      if (printed.open !== "") note(printed.open, Date.now());
    }
  }
  return operation;
}

/** One event as lines of plain text; what was printed is shown line by line, when the line is complete. */
function linesOf(event: UpgradeEvent, printed: Lines): string[] {
  if (event.type === "plan") return [`plan: ${event.steps.join(" → ")}`];
  if (event.type === "print") return printed.add(event.text);
  if (event.type === "budget") return budgetLines(event);
  if (event.type === "finding") return [`${event.stage}: ${findingLine(event.finding)}`];
  if (event.type === "log") {
    return event.level === "debug" ? [] : [`${event.stage}: ${prefixOf(event.level)}${event.text}`];
  }
  return event.state === "skipped" ? [] : [`${event.stage} ${event.state}`];
}

/** A hold is worth a line when it lasts so long, in milliseconds. */
const SHOWN_FROM = 500;

/** What a hold has come to; what is allowed is told before by a line of the log. */
function budgetLines({ stage, soft, held, queue }: UpgradeEvent & { type: "budget" }): string[] {
  if (held < SHOWN_FROM) return [];
  const waits =
    queue === undefined ? "" : `; ${queue.sum} messages wait, at most ${queue.max} for one process`;
  return [`${stage}: held for ${held} of ${soft} ms${waits}`];
}

function findingLine({ severity, code, what, cause, remedy }: Finding): string {
  return `${severity}: ${what}: ${cause} (${code}). ${remedy}`;
}

/** What a drawn task can be told. */
interface Task {
  title: string;
  output: string;
  skip(): void;
}

/** How many lines are shown below a stage: the last ones. */
const SHOWN = 12;

type Outcome = "done" | "failed" | "skipped";

async function draw(operation: AsyncIterable<UpgradeEvent>): Promise<void> {
  const ends = new Map<Stage, (outcome: Outcome) => void>();
  const tasks = new Map<Stage, Task>();
  const lines = new Map<Stage, string[]>();
  const printed = new Lines();
  let printing: Stage | undefined;
  const show = (stage: Stage) => {
    const open = stage === printing && printed.open !== "" ? [printed.open] : [];
    const shown = [...(lines.get(stage) ?? []), ...open].slice(-SHOWN);
    const task = tasks.get(stage);
    if (task !== undefined && shown.length > 0) task.output = shown.map(plain).join("\n");
  };
  const list = new Listr(
    STAGES.map((stage) => {
      const ended = new Promise<Outcome>((resolve) => ends.set(stage, resolve));
      return {
        title: stage,
        task: async (_context: object, task: Task) => {
          tasks.set(stage, task);
          show(stage); // the list may be behind what happens
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
      else if (
        event.type === "log" ||
        event.type === "print" ||
        event.type === "finding" ||
        event.type === "budget"
      ) {
        const { stage } = event;
        const own = lines.get(stage) ?? [];
        if (event.type === "print") {
          own.push(...printed.add(event.text));
          printing = stage;
        } else if (event.type === "budget") own.push(...budgetLines(event));
        else if (event.type === "finding") own.push(findingLine(event.finding));
        else if (event.level !== "debug") own.push(`${prefixOf(event.level)}${event.text}`);
        lines.set(stage, own.slice(-SHOWN));
        show(stage);
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
