/** CheckRanchAcceptors: the listeners and their acceptors must be found before anything is touched. */

import { insertBeforePointOfNoReturn } from "../relup/index.ts";
import type { Atom } from "../term/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { chosenListeners } from "./chosen-listeners.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { endpoint, ranchAcceptors, ranchAcceptorsSup, ranchListenerSup } from "./ranch-tree.ts";

const NAME = "CheckRanchAcceptors";

/** The functions that edeliver's module offers beside `run`. */
export interface AcceptorFunctions {
  /** See {@link endpoint}. */
  readonly endpoint: typeof endpoint;
  /** See {@link ranchListenerSup}. */
  readonly ranchListenerSup: typeof ranchListenerSup;
  /** See {@link ranchAcceptorsSup}. */
  readonly ranchAcceptorsSup: typeof ranchAcceptorsSup;
  /** See {@link ranchAcceptors}. */
  readonly ranchAcceptors: typeof ranchAcceptors;
}

/**
 * Finds every listener and its acceptors, on whichever stack; aborts when there is none, when one is already held or suspended by someone
 * else, or cannot be stopped in the way that is wished. Changes nothing; safe on a busy node.
 */
export const CheckRanchAcceptors: RunnableInstruction<Atom> & AcceptorFunctions = {
  ...defineInstruction({
    name: NAME,
    insertWhere: insertBeforePointOfNoReturn,
    arguments: applicationArgument,

    async run(context, application) {
      const { node, facts, log } = context;
      const found = await chosenListeners(context);
      if (found.length === 0) {
        throw new InstructionError(NAME, `no listener was found beside ${application.name}`, {
          node: node.name,
          remedy:
            "Is its endpoint started (`server: true`)? Without a listener use the minimal plan.",
        });
      }
      const stopped = found.find(({ status }) => status !== "running");
      if (stopped !== undefined) {
        throw new InstructionError(
          NAME,
          `listener ${stopped.name} is ${stopped.status}, not running`,
          {
            node: node.name,
            remedy: "Someone else stopped it: run `beamctl recover`, or resume it, then try again.",
          },
        );
      }
      const mode = context.config.acceptors;
      const unable = found.filter(({ stops }) => stops[mode].length === 0);
      if (unable.length > 0) {
        const names = unable.map(({ name, kind }) => `${name} (${kind})`).join(", ");
        throw new InstructionError(NAME, `there is no way to ${mode} new clients of ${names}`, {
          node: node.name,
          remedy: `Use \`--acceptors ${mode === "hold" ? "refuse" : "hold"}\`, or name the listeners that can be stopped.`,
        });
      }
      facts.listeners = found;
      const acceptors = found.reduce((sum, listener) => sum + listener.acceptors.length, 0);
      log("info", `found ${acceptors} acceptors on ${found.length} listeners`);
    },
  }),
  endpoint,
  ranchListenerSup,
  ranchAcceptorsSup,
  ranchAcceptors,
};
