/** ResumeChannels: what was suspended is resumed, by the record, before new clients come in. */

import { bulkResume } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { guarded } from "./guarded.ts";
import { append } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

/**
 * Resumes exactly the processes that the guardian holds. One that ended while it was held is no failure. It stands before
 * ResumeRanchAcceptors, so that no websocket that was never suspended is touched.
 */
export const ResumeChannels: Instruction<string> = {
  name: "ResumeChannels",
  insertWhere: append,
  dependencies: [CheckRanchAcceptors, CheckRanchConnections],
  arguments: (_instructions, { application }) => application,

  async run(context) {
    const { facts, log } = context;
    const result = await bulkResume(guarded("ResumeChannels", context));
    facts.resumedAt = Date.now();
    if (result === "ok") {
      log("info", `resumed ${facts.suspended.length} processes`);
    } else if (result === "not_supported") {
      log("warning", "none of the suspended processes answered its resume");
    } else {
      log(
        "warning",
        `${result.errors} processes did not answer their resume: see \`beamctl recover\``,
      );
    }
  },
};
