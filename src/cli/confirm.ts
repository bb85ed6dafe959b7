/** Asks before a change: on a terminal by a question, elsewhere only `--yes` is a yes. */

import { UsageError } from "../errors.ts";
import type { Globals } from "./globals.ts";

/** @throws UsageError when the answer is no, or nobody can be asked and `--yes` is absent */
export async function confirmChange(globals: Globals, question: string): Promise<void> {
  if (globals.yes === true) return;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UsageError("this command changes the node and there is nobody to ask", {
      remedy: "Add --yes when you mean it.",
    });
  }
  const { confirm } = await import("@clack/prompts");
  const answer = await confirm({ message: question, output: process.stderr });
  if (answer !== true) {
    throw new UsageError("not confirmed: nothing was changed", {
      remedy: "Answer yes, or add --yes.",
    });
  }
}
