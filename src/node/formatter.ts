/** What a process prints unformatted is formatted by its own node, as its own code prints; here when the node cannot be asked. */

import { charlist, ioFormat, type Term } from "../term/index.ts";
import { callByRex } from "./calls.ts";
import type { Format } from "./group-leader.ts";
import type { Link } from "./link.ts";
import { RemoteError } from "./remote-error.ts";

/** How long a node has to format what its own process prints, in milliseconds. */
const TIMEOUT = 1_000;

/** Formats for the processes of the link's node. */
export function formatter(link: Link): Format {
  return async (args) => {
    try {
      if (link.runs) {
        return await callByRex(
          link,
          { module: "io_lib", fun: "format", args },
          { timeout: TIMEOUT },
        );
      }
    } catch (error) {
      if (error instanceof RemoteError && error.kind === "error") throw error; // it does not fit
    }
    const [text, values] = args as readonly [Term, Term];
    return charlist(ioFormat(text, Array.isArray(values) ? values : [values]));
  };
}
