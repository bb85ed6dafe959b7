/** `npm run fuzz -- --seconds N --seed N`: the last line is JSON; exits 1 when anything was uncaught. */

import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { campaign } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
setFlagsFromString("--expose-gc"); // so that what is not needed any more is not counted
globalThis.gc = runInNewContext("gc") as NonNullable<typeof globalThis.gc>;
const seed = Number(values.seed);
const end = performance.now() + Number(values.seconds) * 1000;
console.error(`fuzzing for ${values.seconds} s with the seed ${seed}`);
const { defects, ...figures } = campaign(seed, () => performance.now() >= end);
for (const { target, round, error } of defects)
  console.error(`${target}, round ${round}: ${error}`);
console.log(JSON.stringify(figures));
process.exitCode = figures.uncaught > 0 ? 1 : 0;
