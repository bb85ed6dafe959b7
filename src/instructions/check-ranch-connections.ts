/** CheckRanchConnections: the connections must be found, and the websockets among them if possible. */

import { detectSockets } from "../topology/index.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { InstructionError } from "./errors.ts";
import { insertBeforePointOfNoReturn } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

const NAME = "CheckRanchConnections";

/**
 * Finds the connections of every listener and their kinds; aborts when a connections supervisor does not answer. Websockets
 * that cannot be told apart are a warning and never an abort. Changes nothing; safe on a busy node.
 */
export const CheckRanchConnections: Instruction<string> = {
  name: NAME,
  insertWhere: insertBeforePointOfNoReturn,
  dependencies: [CheckRanchAcceptors],
  arguments: (_instructions, { application }) => application,

  async run({ node, log }) {
    const found = await detectSockets(node, { topics: false });
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
    const sockets = found.connections.filter(({ kind }) => kind === "websocket");
    const unknown = found.connections.filter(({ kind }) => kind === "unknown");
    if (unknown.length > 0) {
      log("warning", `cannot tell what ${unknown.length} connections are; they are left alone`);
    }
    log("info", `${sockets.length} of ${found.connections.length} connections are websockets`);
    log("info", `${found.channels.length} channel processes`);
  },
};
