/** The argument that most instructions take. */

import type { Instructions } from "../relup/index.ts";
import { type Atom, atom } from "../term/index.ts";
import { applicationOf, type Config } from "./config.ts";

/** `arguments/2` of the instructions for listeners and channels: the name of the application, as an atom. */
export function applicationArgument(_instructions: Instructions, config: Config): Atom {
  return atom(applicationOf(config));
}
