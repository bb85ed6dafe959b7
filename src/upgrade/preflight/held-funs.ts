/** Anonymous functions of changed modules that processes hold in their states. */

import { moduleLabel } from "../../relup/index.ts";
import type { Pid } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";
import { statesOf } from "./states.ts";
import { few, number } from "./words.ts";

/** Such a function stays with the code that it was made in. One of the form `&Mod.fun/1` is looked up at each call, and is fine. */
export const heldFuns: Check = {
  name: "functions in the states of processes",
  find: async (given) => {
    const holders = new Map<string, Pid[]>();
    for (const { pid, funs } of await statesOf(given)) {
      for (const module of funs) holders.set(module, [...(holders.get(module) ?? []), pid]);
    }
    return [...holders].map(
      ([module, pids]): Finding => ({
        code: "functions-held",
        severity: "warning",
        what: `${number(pids.length, "process holds", "processes hold")} an anonymous function of ${moduleLabel(module)} in the state: ${few(pids)}`,
        cause:
          "they run old code by it after the load: the version is not made permanent while they do, and the next brutal purge kills them",
        remedy:
          "Have `code_change` make the function anew, or hold `&Mod.fun/arity` or `{Mod, fun, args}` in its place.",
        about: [module, ...pids.map(String)],
      }),
    );
  },
};
