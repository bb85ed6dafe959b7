/** `beamctl release commit`: the end of an upgrade with `--no-permanent`. */

import { inspect } from "../../term/index.ts";
import { commitRelease } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { plain } from "../output/plain.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local) => {
  const timeout = milliseconds(String(local["wait"]));
  const dryRun = local["dryRun"] === true;
  const printer = new Printer(globals);
  return operate(globals, async ({ node, signal }) => {
    if (!dryRun) {
      if (globals.yes !== true) show(await commitRelease(node, { dryRun: true }), printer);
      await confirmChange(globals, `Make what runs on ${node.name} permanent?`);
    }
    const done = await commitRelease(node, { timeout, signal, dryRun });
    if (printer.format === "auto") {
      show(done, printer);
      const { version, already, permanent } = done;
      const end = already
        ? "was permanent already"
        : permanent
          ? "is permanent"
          : "is not permanent";
      process.stdout.write(`${plain(`${node.name}: ${version} ${end}`)}\n`);
    } else {
      const { oldCode, verified, ...rest } = done;
      printer.record({
        node: node.name,
        ...rest,
        oldCode: {
          count: oldCode.count,
          first: oldCode.first.map((one) => ({ ...one, pid: String(one.pid) })),
        },
        verified: verified.map((item) => ({ ...item })),
      });
    }
    return done.verified.some(({ result }) => result === "failed") ? EXIT.degraded : undefined;
  });
};

function show({ verified, oldCode }: Awaited<ReturnType<typeof commitRelease>>, printer: Printer) {
  for (const { what, result, found } of verified) {
    printer.note(`${what}: ${result === "ok" ? "" : `${result}: `}${found}`);
  }
  if (oldCode.count === 0) return;
  printer.note(
    `${oldCode.count} processes run old code and would be killed, were they not waited for:`,
  );
  for (const { pid, what, module } of oldCode.first) {
    printer.note(`  ${inspect(pid)} ${what}, old code of ${module.replace(/^Elixir\./, "")}`);
  }
}
