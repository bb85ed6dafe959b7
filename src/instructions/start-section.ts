/** StartSection: says which part of the upgrade begins. */

import { UsageError } from "../errors.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  type InsertFun,
  type Instructions,
  insertAfterLoadObjectCode,
  insertAfterPointOfNoReturn,
} from "../relup/index.ts";
import type { Config } from "./config.ts";
import { Info } from "./info.ts";
import type { RelupModifier } from "./instruction.ts";

/** edeliver's sections. */
export type Section = "check" | "suspend" | "upgrade" | "resume" | "finished";

/** StartSection with edeliver's `modify_relup/3`. */
export interface StartSectionInstruction extends RelupModifier {
  /** Puts the line of this section at its place in both lists. Without a section it changes nothing. */
  modifyRelup(instructions: Instructions, config: Config, section?: Section): Instructions;
}

interface Line {
  readonly up: string;
  readonly down: string;
  readonly where: InsertFun;
}

const LINES: Readonly<Record<Section, readonly Line[]>> = {
  check: [
    {
      up: "checking whether the upgrade is possible",
      down: "checking whether the downgrade is possible",
      where: insertAfterLoadObjectCode,
    },
  ],
  suspend: [
    {
      up: "preparing the upgrade",
      down: "preparing the downgrade",
      where: insertAfterPointOfNoReturn,
    },
  ],
  upgrade: [{ up: "upgrading", down: "downgrading", where: appendAfterPointOfNoReturn }],
  resume: [
    { up: "the upgrade succeeded", down: "the downgrade succeeded", where: append },
    { up: "resuming", down: "resuming", where: append },
  ],
  finished: [{ up: "the upgrade is done", down: "the downgrade is done", where: append }],
};

/** Not run itself: it puts an {@link Info} at the place of its section. */
export const StartSection: StartSectionInstruction = {
  name: "StartSection",
  modifyRelup(instructions, config, section) {
    if (section === undefined) return instructions;
    if (!Object.hasOwn(LINES, section)) {
      throw new UsageError(`there is no section ${String(section)}`, {
        remedy: `The sections are ${Object.keys(LINES).join(", ")}.`,
      });
    }
    return LINES[section].reduce(
      (lists, { up, down, where }) => Info.modifyRelup(lists, config, up, down, where),
      instructions,
    );
  },
};
