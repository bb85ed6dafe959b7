/** What every command is. */

import type { Globals } from "./globals.ts";

/** The options of one command beside the global ones. */
export type Local = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command's code is: global flags, its own options, its arguments; the exit code is 0 unless it returns one. */
export type Run = (
  globals: Globals,
  local: Local,
  args: readonly string[],
) => Promise<number | undefined>;
