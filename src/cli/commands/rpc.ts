/** `beamctl rpc`: evaluate an expression on the running node, or call a function with terms as arguments. */

import { UsageError } from "../../errors.ts";
import { evaluate } from "../../otp/index.ts";
import { parse } from "../../term/index.ts";
import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";
import { callOptions, languageOf } from "./evaluation.ts";

export const run: Run = async (globals, local, args) => {
  const module = local["module"] as string | undefined;
  const fun = local["function"] as string | undefined;
  if ((module === undefined) !== (fun === undefined)) {
    throw new UsageError("--module and --function go together", {
      remedy: "Write: beamctl rpc -m lists -f reverse '[1, 2]'",
    });
  }
  if (module === undefined && args.length !== 1) {
    throw new UsageError(args.length === 0 ? "nothing to evaluate" : "more than one expression", {
      remedy: "Write: beamctl rpc 'MyApp.Repo.aggregate(User, :count)', quoted as one word.",
    });
  }
  const language = languageOf(local);
  // Read before connecting: a term that cannot be read must not cost the node anything.
  const terms =
    module === undefined ? [] : args.map((arg) => parse(arg, { syntax: language ?? "elixir" }));
  return operate(globals, async ({ node, target, signal }) => {
    const options = callOptions(target, signal);
    const result =
      module === undefined
        ? await evaluate(node, args[0] as string, { ...options, ...(language ? { language } : {}) })
        : await node.call(moduleName(module), (fun as string).replace(/^:/, ""), terms, options);
    new Printer(globals).term(result, node.name);
    return undefined;
  });
};

/** `MyApp.Repo` is Elixir's module of that name; `lists` and `:lists` are Erlang's. */
export function moduleName(text: string): string {
  if (text.startsWith(":")) return text.slice(1);
  return /^[A-Z]/.test(text) ? `Elixir.${text}` : text;
}
