/** ResumeChannels: what was suspended is resumed, by the record, before new clients come in. */

import { append } from "../relup/index.ts";
import type { Atom } from "../term/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { bulkResult, bulkResume } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { defineInstruction } from "./define.ts";
import { guarded } from "./guarded.ts";
import type { RunnableInstruction } from "./instruction.ts";

/** The function that edeliver's module offers beside `run`. */
export interface ChannelFunctions {
  /** See {@link bulkResume}. */
  readonly bulkResume: typeof bulkResume;
}

/**
 * Resumes exactly the processes that the guardian holds. One that ended while it was held is no failure. It stands before
 * ResumeRanchAcceptors, so that no websocket that was never suspended is touched.
 */
export const ResumeChannels: RunnableInstruction<Atom> & ChannelFunctions = {
  ...defineInstruction({
    name: "ResumeChannels",
    insertWhere: append,
    dependencies: [CheckRanchAcceptors, CheckRanchConnections],
    arguments: applicationArgument,

    async run(context) {
      const { facts, log } = context;
      const { resumed, failed } = await guarded("ResumeChannels", context).resume();
      const asked = [...resumed, ...failed.map(({ pid }) => pid)];
      const result = bulkResult(asked, failed);
      facts.resumedAt = Date.now();
      if (result === "ok") {
        log("info", `resumed ${facts.suspended.length} processes`);
      } else if (result === "not_supported") {
        log("warning", "none of the suspended processes answered its resume");
      } else {
        log(
          "warning",
          `${result[1]} processes did not answer their resume: see \`beamctl recover\``,
        );
      }
    },
  }),
  bulkResume,
};
