/** `beamctl recover`: what happened on the node after a controller vanished, and the rest of the undo. */

import {
  GuardHeldError,
  guardStatus,
  Journal,
  type RecoveredOperation,
  recover,
} from "../../guard/index.ts";
import { type Remote, whichReleases } from "../../otp/index.ts";
import { callingVersions } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import type { Json } from "../output/json.ts";
import { plain } from "../output/plain.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local) => {
  const printer = new Printer(globals);
  const force = local["force"] === true;
  return operate(globals, async ({ node }) => {
    if (force) {
      const status = await guardStatus(node);
      if (status !== undefined) printer.note(new GuardHeldError(status).message);
      await confirmChange(globals, `Take ${node.name} over from its controller?`);
    }
    await using journal = await Journal.open(node.name);
    const report = await recover(node, journal, {
      force,
      timeout: milliseconds(String(local["wait"] ?? "10m")),
      onWait: (what) =>
        printer.note(
          what === "install"
            ? "an install still runs on the node: what is held stays held until it ends; waiting"
            : "the guardian on the node is about to undo; waiting",
        ),
    });
    if (printer.format === "auto") {
      for (const operation of report.operations)
        process.stdout.write(`${plain(told(operation))}\n`);
      if (report.foreign !== undefined) {
        const { purpose, host, why } = report.foreign;
        process.stdout.write(
          plain(`${purpose} of ${host} was undone on the node, ${WHY[why] ?? why}`),
        );
        process.stdout.write("\n");
      }
      const end = report.nothingLeft ? "nothing is left suspended or held" : "NOT everything runs";
      process.stdout.write(`${node.name}: ${end}\n`);
      const trial = await onTrial(node);
      if (trial !== undefined) printer.note(trial);
      for (const version of await callingVersions(node).catch(() => [])) {
        printer.note(
          `the relup of ${version} still calls a run that is gone: \`beamctl relup restore ${version}\``,
        );
      }
    } else {
      printer.record({
        node: report.node,
        nothingLeft: report.nothingLeft,
        operations: report.operations.map(toJson),
      });
    }
    return report.nothingLeft ? undefined : EXIT.leftSuspended;
  });
};

/** What a run that ended after its install has left to decide; nothing where no release handler tells. */
async function onTrial(remote: Remote): Promise<string | undefined> {
  const releases = await whichReleases(remote).catch(() => []);
  const current = releases.find(({ status }) => status === "current");
  const permanent = releases.find(({ status }) => status === "permanent");
  if (current === undefined || permanent === undefined) return undefined;
  return `${current.version} runs, and ${permanent.version} is permanent: \`beamctl release commit\` keeps what runs, \`beamctl release rollback\` leaves it`;
}

/** Why a guardian undid what it held, by its own word. */
const WHY: Readonly<Record<string, string>> = {
  controller: "since beamctl was gone",
  lease: "since beamctl was silent for longer than its lease",
  cap: "since it lasted too long",
  taken: "since another run took it over",
  exit: "since it was told to end",
};

function told(operation: RecoveredOperation): string {
  const { purpose, holder, host, at, restarted, undoneByGuard, undoneNow, freed, left } = operation;
  const begun = `${purpose} by ${holder} on ${host}, begun ${new Date(at).toISOString()}`;
  const parts = operation.files.map(fileOf);
  if (restarted) {
    const rest = "the node was restarted since, so nothing of it is held";
    return `${begun}: ${[...parts, rest].join("; ")}`;
  }
  if (undoneByGuard !== undefined) {
    const { resumed, restarted: acceptors, why } = undoneByGuard;
    parts.push(`the node undid it by itself, ${WHY[why] ?? why}: ${counts(resumed, acceptors)}`);
  }
  if (
    undoneNow.resumed + undoneNow.restarted > 0 ||
    (undoneByGuard === undefined && parts.length === 0)
  ) {
    parts.push(`undone now: ${counts(undoneNow.resumed, undoneNow.restarted)}`);
  }
  if (freed > 0) parts.push(`${freed} frozen processes ran again when the guardian ended`);
  if (left.processes.length + left.acceptors > 0) {
    parts.push(`left: ${counts(left.processes.length, left.acceptors)}`);
  }
  return `${begun}: ${parts.join("; ")}`;
}

function fileOf({ path, state, backup }: RecoveredOperation["files"][number]): string {
  const words = { changed: "was changed", unchanged: "was not changed", other: "cannot be told" };
  const kept = backup === undefined || state === "unchanged" ? "" : ` (before: ${backup})`;
  return `${path} ${words[state]}${kept}`;
}

function counts(processes: number, acceptors: number): string {
  return `${processes} processes, ${acceptors} acceptors`;
}

function toJson(operation: RecoveredOperation): Json {
  const { undoneByGuard, undoneNow, left, files, ...rest } = operation;
  return {
    ...rest,
    undoneByGuard:
      undoneByGuard === undefined ? null : { ...undoneByGuard, at: undoneByGuard.at ?? null },
    undoneNow: { ...undoneNow },
    files: files.map((file) => ({ ...file })) as Json,
    left: { processes: left.processes.map(String), acceptors: left.acceptors },
  };
}
