/** Two controllers arm and suspend at the same moment: one wins, and the other changes nothing. */

import { join } from "node:path";
import { guardStatus, Journal, suspendedAmong } from "../../../src/guard/index.ts";
import type { Pid } from "../../../src/term/index.ts";
import type { Target } from "../../guard/target.ts";
import { Controller } from "../child.ts";
import { ensure } from "../observe.ts";
import { type Part, Tally } from "../part.ts";
import { spread } from "../spread.ts";

const PROCESSES = 1_000;
const NAMES = ["EVEN", "ODD"] as const;
type Name = (typeof NAMES)[number];

/** Two processes that race many times: what is raced for is the node, not the start of Node.js. */
interface Racers {
  readonly controllers: Readonly<Record<Name, Controller>>;
  /** What each would suspend. */
  readonly lists: Readonly<Record<Name, readonly Pid[]>>;
}

export const races: Part = {
  name: "races",
  what: "two controllers arm and suspend at the same moment",
  async run(context) {
    const tally = new Tally("races");
    tally.set("processes", PROCESSES);
    const known = new Map<Target, Racers>();
    const layout = { part: "races", runs: context.short ? 8 : 100, processes: PROCESSES };
    try {
      await spread(context, tally, layout, async ({ target, index }) => {
        const racers = known.get(target) ?? (await start(target));
        known.set(target, racers);
        tally.add(`wonBy${await race(target, racers, index)}`, 1);
      });
    } finally {
      for (const { controllers } of known.values()) {
        for (const name of NAMES) await controllers[name][Symbol.asyncDispose]();
      }
    }
    return tally.figures();
  },
};

async function start(target: Target): Promise<Racers> {
  const pids = await target.servers();
  const half = Math.ceil(pids.length / 2);
  const [even, odd] = await Promise.all(
    NAMES.map((name) =>
      Controller.start(target, { mode: `race ${name}`, state: stateOf(target, name) }),
    ),
  );
  return {
    controllers: { EVEN: even as Controller, ODD: odd as Controller },
    lists: { EVEN: pids.slice(0, half), ODD: pids.slice(half) },
  };
}

async function race(target: Target, { controllers, lists }: Racers, round: number): Promise<Name> {
  for (const name of NAMES) controllers[name].tell(`go ${round}`);
  const ends = await Promise.all(NAMES.map((name) => outcome(controllers[name], round)));
  const [winner, ...others] = NAMES.filter((_, at) => ends[at]?.won === true);
  ensure(winner !== undefined, "nobody won");
  ensure(others.length === 0, "both won");
  const loser = winner === "EVEN" ? "ODD" : "EVEN";
  const told = ends[NAMES.indexOf(loser)]?.told;
  const status = await guardStatus(target.node);
  ensure(told === `GuardHeldError ${status?.operation}`, `the loser was told ${told}`);
  const ours = await suspendedAmong(target.node, lists[winner]);
  const theirs = await suspendedAmong(target.node, lists[loser]);
  ensure(ours.length === lists[winner].length, `the winner holds ${ours.length}`);
  ensure(theirs.length === 0, `the loser holds ${theirs.length}`);
  const kinds = await lastOperation(target, loser);
  ensure(kinds === "begin end", `the loser wrote ${kinds}`);
  for (const name of NAMES) controllers[name].tell(`stop ${round}`);
  await Promise.all(NAMES.map((name) => controllers[name].said(`done ${round} `)));
  const held = await target.held();
  ensure(held === 0, `${held} are held after the winner's end`);
  return winner;
}

async function outcome(
  controller: Controller,
  round: number,
): Promise<{ readonly won: boolean; readonly told: string }> {
  const won = `won ${round} `;
  const [end, told] = await controller.saidOne(won, `lost ${round} `);
  return { won: end === won, told };
}

function stateOf(target: Target, name: Name): string {
  return join(target.state, name);
}

/** The kinds of the records of its last operation. */
async function lastOperation(target: Target, name: Name): Promise<string> {
  const records = await Journal.read(target.node.name, stateOf(target, name));
  const last = records.at(-1)?.op;
  return records
    .filter(({ op }) => op === last)
    .map(({ kind }) => kind)
    .join(" ");
}
