/** The parts of the campaign, in the order in which they run. */

import type { Part } from "./part.ts";
import { control } from "./parts/control.ts";
import { crowd } from "./parts/crowd.ts";
import { disk } from "./parts/disk.ts";
import { frozen } from "./parts/frozen.ts";
import { halfOpen } from "./parts/half-open.ts";
import { journalCut } from "./parts/journal-cut.ts";
import { killedGuard } from "./parts/killed-guard.ts";
import { races } from "./parts/races.ts";
import { restarts } from "./parts/restarts.ts";
import { sigkill } from "./parts/sigkill.ts";
import { upgrades } from "./parts/upgrades.ts";

export const PARTS: readonly Part[] = [
  control,
  sigkill,
  halfOpen,
  frozen,
  killedGuard,
  races,
  restarts,
  journalCut,
  disk,
  crowd,
  upgrades,
];
