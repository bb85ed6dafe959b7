/** Shows a push while it runs: one line that changes on a terminal, a line for every tenth elsewhere. */

import { Listr, ListrLogger, ProcessOutput } from "listr2";
import type { Operation, PushEvent, PushReport } from "../upgrade/index.ts";
import type { Printer } from "./output/printer.ts";

type Push = Operation<PushEvent, PushReport>;

/** Follows the push to its end and returns its report. */
export async function followPush(push: Push, printer: Printer, quiet = false): Promise<PushReport> {
  if (printer.format === "ndjson") {
    for await (const event of push) process.stdout.write(`${JSON.stringify(event)}\n`);
  } else if (!quiet && process.stderr.isTTY === true) await draw(push);
  else if (!quiet) {
    const told = new Progress();
    let tenth = -1;
    for await (const event of push) {
      if (event.type === "package") printer.note(told.title(event));
      else if (Math.floor(told.share(event) * 10) > tenth) {
        tenth = Math.floor(told.share(event) * 10);
        printer.note(told.line(event));
      }
    }
  }
  return push;
}

async function draw(push: Push): Promise<void> {
  const told = new Progress();
  const work = async (_context: object, task: { title: string; output: string }) => {
    for await (const event of push) {
      if (event.type === "package") task.title = told.title(event);
      else task.output = told.line(event);
    }
  };
  const processOutput = new ProcessOutput(process.stderr, process.stderr);
  await new Listr([{ title: "push", task: work, rendererOptions: { persistentOutput: true } }], {
    renderer: "default",
    rendererOptions: {
      showErrorMessage: false,
      logger: new ListrLogger({ useIcons: true, processOutput }),
    },
  })
    .run()
    .catch(() => undefined); // the push itself throws it
}

type Step = PushEvent & { type: "progress" };

/** The words of a push; the speed is that since its first chunk. */
class Progress {
  #first: Step | undefined;

  title({ name, version, size, file }: PushEvent & { type: "package" }): string {
    return `push ${name} ${version}, ${(size / 1e6).toFixed(1)} MB, to ${file}`;
  }

  share({ done, size }: Step): number {
    return size === 0 ? 1 : done / size;
  }

  line(step: Step): string {
    const first = (this.#first ??= step);
    const seconds = (step.at - first.at) / 1000;
    const speed = seconds > 0 ? (step.done - first.done) / 1e6 / seconds : 0;
    return `${Math.floor(this.share(step) * 100)} % verified on the node, ${speed.toFixed(1)} MB/s`;
  }
}
