/** CheckRanchConnections: the connections must be found, and the websockets among them if possible. */

import { insertBeforePointOfNoReturn } from "../relup/index.ts";
import type { Atom } from "../term/index.ts";
import { detectSockets } from "../topology/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import type { RunnableInstruction } from "./instruction.ts";
import {
  ranchConnections,
  ranchConnectionsSup,
  websocketChannelConnections,
} from "./ranch-tree.ts";

const NAME = "CheckRanchConnections";

/** The functions that edeliver's module offers beside `run`. */
export interface ConnectionFunctions {
  /** See {@link ranchConnectionsSup}. */
  readonly ranchConnectionsSup: typeof ranchConnectionsSup;
  /** See {@link ranchConnections}. */
  readonly ranchConnections: typeof ranchConnections;
  /** See {@link websocketChannelConnections}. */
  readonly websocketChannelConnections: typeof websocketChannelConnections;
}

/**
 * Finds the connections of every listener and their kinds; aborts when a supervisor of connections does not answer. Websockets
 * that cannot be told apart are a warning and never an abort. Changes nothing; safe on a busy node.
 */
export const CheckRanchConnections: RunnableInstruction<Atom> & ConnectionFunctions = {
  ...defineInstruction({
    name: NAME,
    insertWhere: insertBeforePointOfNoReturn,
    dependencies: [CheckRanchAcceptors],
    arguments: applicationArgument,

    async run({ node, facts, log }) {
      const found = await detectSockets(node, { topics: false, seen: facts.seen });
      if ("notDetected" in found) {
        log("warning", `no connection can be seen: ${found.notDetected}`);
        return;
      }
      if (found.unanswered.length > 0) {
        const names = found.unanswered.map(({ listener }) => listener).join(", ");
        throw new InstructionError(NAME, `connection supervisors do not answer: ${names}`, {
          node: node.name,
          remedy:
            "A suspended supervisor makes the release handler restart the node: resume it first.",
        });
      }
      const count = (kind: string) => found.connections.filter((one) => one.kind === kind).length;
      const unknown = count("unknown");
      if (unknown > 0) {
        log("warning", `cannot tell what ${unknown} connections are; they are left alone`);
      }
      const sessions = count("longpoll");
      const sockets = `${count("websocket")} of ${found.connections.length - sessions} connections are websockets`;
      log("info", sessions === 0 ? sockets : `${sockets}, and ${sessions} clients poll`);
      log("info", `${found.channels.length} channel processes`);
    },
  }),
  ranchConnectionsSup,
  ranchConnections,
  websocketChannelConnections,
};
