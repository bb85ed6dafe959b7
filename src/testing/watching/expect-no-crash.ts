/** That no process of a node crashes during a test. */

import { setTimeout as pause } from "node:timers/promises";
import { BeamError } from "../../errors.ts";
import { type CrashReport, watchCrashes } from "../../otp/index.ts";
import { nodeOf, type Target } from "../target.ts";

/** What counts, and for how long. */
export interface ExpectNoCrashOptions {
  /** Those that are expected. Default none. */
  readonly except?: ((crash: CrashReport) => boolean) | undefined;
  /** Milliseconds after the work in which a crash still counts. Default 0: what crashes by a message that is not answered may come later. */
  readonly grace?: number | undefined;
}

/** Processes of the node crashed. */
export class CrashedError extends BeamError {
  readonly code = "BEAM_REMOTE";
  /** Each with its process, the head of its reason and the modules that it is about. */
  readonly crashes: readonly CrashReport[];

  constructor(node: string, crashes: readonly CrashReport[], more: number, failed?: unknown) {
    const count = crashes.length;
    const lines = crashes.map(lineOf);
    if (more > 0) lines.push(`- and ${more} more errors, which were only counted`);
    const also = failed instanceof Error ? [`the work failed too: ${failed.message}`] : [];
    super(
      [
        `${count === 1 ? "one crash was" : `${count} crashes were`} reported on ${node}:`,
        ...lines,
        ...also,
      ].join("\n"),
      { node, remedy: "The node's own log has the whole reports.", cause: failed },
    );
    this.crashes = crashes;
  }
}

function lineOf({ kind, pid, reason, modules }: CrashReport): string {
  const about = modules.length === 0 ? "" : ` (${modules.join(", ")})`;
  return `- ${pid ?? "no process"} ${kind}: ${reason ?? "another reason"}${about}`;
}

/**
 * Runs `work` and gives its result, unless a crash is reported on the node meanwhile, whoever caused it: of OTP's processes, of their supervisors, of plain processes.
 * One crash may be reported by several. An error that a program only logs is none. Of a report nothing leaves the node but what the error shows. Safe on a busy
 * node, where others' crashes count too.
 * @throws CrashedError with all crashes, also when `work` throws; else what `work` throws. ScriptError TimeoutError NodeDownError
 * @example
 * import { evaluate, expectNoCrash } from "beamctl/testing";
 *
 * const total = await expectNoCrash(shop, () => evaluate(shop, "Shop.total()"));
 */
export async function expectNoCrash<Result>(
  target: Target,
  work: () => Result | Promise<Result>,
  { except = () => false, grace = 0 }: ExpectNoCrashOptions = {},
): Promise<Result> {
  const node = nodeOf(target);
  await using watch = await watchCrashes(node);
  const outcome = await settled(work);
  if (grace > 0) await pause(grace);
  const { count, first } = await watch.read().catch((lost: unknown) => {
    throw "error" in outcome ? outcome.error : lost;
  });
  const crashes = first.filter((report) => report.kind !== "error" && !except(report));
  const more = count - first.length;
  const error = "error" in outcome ? outcome.error : undefined;
  if (crashes.length > 0 || more > 0) {
    throw new CrashedError(node.name, crashes, more, error);
  }
  if ("error" in outcome) throw error;
  return outcome.value;
}

async function settled<Result>(
  work: () => Result | Promise<Result>,
): Promise<{ value: Result } | { error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}
