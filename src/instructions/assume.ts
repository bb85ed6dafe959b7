/** Preconditions: edeliver's macro `assume`. */

import { atom, charlist, type Term, type Tuple, tuple } from "../term/index.ts";
import { InstructionError } from "./errors.ts";
import type { InstructionContext } from "./instruction.ts";
import { type BindingsOf, matchPart, type Part } from "./pattern.ts";

/**
 * Assumes that the pattern matches, and gives what its variables stand for. If it does not, the message is logged as an error in our output
 * and on the node, and the upgrade aborts with it. *
 * @throws InstructionError with the message
 * @example
 * import { assume, bind, matchTuple } from "beamctl/instructions";
 * import { atom, Pid, type Term } from "beamctl/term";
 *
 * const isPid = (term: Term) => term instanceof Pid;
 * const answer = await context.node.genCall("stock_server", atom("writer")); // {:ok, #PID<..>}
 * const { writer } = assume(context, matchTuple(atom("ok"), bind("writer", isPid)), answer, "no writer");
 */
export function assume<P extends Part>(
  context: Pick<InstructionContext, "instruction" | "log" | "node">,
  pattern: P,
  value: Term,
  message: string,
): BindingsOf<P> {
  const found = matchPart(pattern, value);
  if (found !== undefined) return found;
  context.log("error", message);
  throw new InstructionError(context.instruction, message, { node: context.node.name });
}

/**
 * What edeliver's macro throws, and what a release handler is given when an instruction in a relup fails: `{error, Charlist}`.
 * @example
 * import { thrownBy } from "beamctl/instructions";
 *
 * thrownBy(new Error("no writer")); // => {:error, ~c"no writer"}
 */
export function thrownBy(error: unknown): Tuple {
  return tuple(atom("error"), charlist(error instanceof Error ? error.message : String(error)));
}
