/** `beamctl eval`: run a script from a file or standard input on the node. */

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UsageError } from "../../errors.ts";
import { evaluate } from "../../otp/index.ts";
import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";
import { callOptions, languageOf } from "./evaluation.ts";

export const run: Run = async (globals, local, [file = "-"]) => {
  const source = await read(file);
  const language = languageOf(local) ?? (/\.(erl|escript)$/.test(file) ? "erlang" : undefined);
  return operate(globals, async ({ node, target, signal }) => {
    const result = await evaluate(node, source, {
      ...callOptions(target, signal),
      ...(language === undefined ? {} : { language }),
    });
    new Printer(globals).term(result, node.name);
    return undefined;
  });
};

async function read(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} cannot be read`, { remedy: "Check the path.", cause });
  }
}
