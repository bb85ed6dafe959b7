/** `npm run demo`: a live release is upgraded and downgraded under load, and everything that its clients saw is counted. */

import { parseArgs } from "node:util";
import { ARMS, type Arm } from "./arms.ts";
import { type Report, table, timeline } from "./report.ts";
import { runArm } from "./run.ts";

const USAGE = `npm run demo [-- OPTIONS]
  --arm NAME           only this arm: edeliver or minimal, beamctl's plans, or bare, the release handler alone as the control;
                       without it, all in turn
  --kill               first kill beamctl while everything is suspended, and recover
  --sockets N          how many websockets (200)
  -o, --output FORMAT  table or json`;

interface Options {
  readonly arms: readonly Arm[];
  readonly kill: boolean;
  readonly sockets: number;
  readonly json: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      arm: { type: "string" },
      kill: { type: "boolean", default: false },
      sockets: { type: "string", default: "200" },
      output: { type: "string", short: "o", default: "table" },
    },
  });
  const wanted = values.arm ?? (values.kill ? "edeliver" : undefined);
  const arms = ARMS.filter((arm) => wanted === undefined || wanted === arm);
  const sockets = Number(values.sockets);
  if (arms.length === 0) throw new TypeError(`there is no arm ${values.arm}`);
  if (values.kill && wanted === "bare") throw new TypeError("the bare arm has no beamctl to kill");
  if (!Number.isSafeInteger(sockets) || sockets < 1)
    throw new TypeError(`${values.sockets} is no number of sockets`);
  if (!["table", "json"].includes(values.output))
    throw new TypeError(`there is no output ${values.output}`);
  return { arms, kill: values.kill, sockets, json: values.output === "json" };
}

async function main({ arms, kill, sockets, json }: Options): Promise<void> {
  const note = timeline();
  const reports: Report[] = [];
  for (const arm of arms) reports.push(await runArm(arm, { sockets, kill }, note));
  const [first, ...others] = reports as [Report, ...Report[]];
  const minimal = others.find(({ arm }) => arm === "minimal");
  const control = others.find(({ arm }) => arm === "bare");
  const result = {
    ...first,
    ...(minimal === undefined ? {} : { minimal }),
    ...(control === undefined ? {} : { control }),
  };
  process.stdout.write(`${json ? JSON.stringify(result) : table(reports)}\n`);
  for (const report of reports) {
    for (const what of report.broken) note(`${report.arm}: NOT SO: ${what}`);
  }
  // The control may lose what it loses, unless it is what was asked for.
  const judged = reports.filter(({ arm }) => arm !== "bare" || reports.length === 1);
  if (judged.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

let options: Options | undefined;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
  process.exitCode = 64;
}
if (options !== undefined) await main(options);
