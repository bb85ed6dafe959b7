/** What `rpc` and `eval` share: the language asked for and the limits of the call. */

import type { CallOptions } from "../../node/index.ts";
import type { Local } from "../command.ts";
import type { Target } from "../target.ts";

/** The language that the command line names, if any; otherwise the node is asked. */
export function languageOf(local: Local): "elixir" | "erlang" | undefined {
  return local["lang"] as "elixir" | "erlang" | undefined;
}

/** The deadline and the abort signal of one call. */
export function callOptions(target: Target, signal: AbortSignal): CallOptions {
  return { timeout: target.timeout, signal };
}
