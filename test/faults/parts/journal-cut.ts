/** A real journal cut at every byte, and with every byte changed; and recoveries of a real node from what a crash leaves of it. */

import { copyFile, readFile, writeFile } from "node:fs/promises";
import {
  examineJournal,
  Guardian,
  Journal,
  type JournalRecord,
  journalFiles,
} from "../../../src/guard/index.ts";
import { contentsOf } from "../../../src/guard/journal/examine.ts";
import { atom, inspect, type Pid, type Term, tuple } from "../../../src/term/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { Target } from "../../guard/target.ts";
import { ensure, recovered } from "../observe.ts";
import { type Context, oneOf, type Part, randomOf, Tally } from "../part.ts";

const PROCESSES = 30; // few, so that a journal of all kinds of records is small

/** The steps of an operation; the node's state after each is what a crash there leaves. */
const STEPS: readonly ((guardian: Guardian, held: Held) => Promise<unknown>)[] = [
  (guardian, { pids }) => guardian.suspend(pids.slice(0, 10)),
  (guardian, { pids }) => guardian.freeze(pids.slice(10, 20)),
  (guardian, { acceptors }) => guardian.hold(acceptors),
  (guardian, { pids }) => guardian.resume(pids.slice(5, 15)),
  (guardian, { pids }) => guardian.suspend(pids.slice(20)),
];

interface Held {
  readonly pids: readonly Pid[];
  readonly acceptors: readonly { supervisor: Pid; id: Term }[];
}

export const journalCut: Part = {
  name: "journal-cut",
  what: "a real journal cut at every byte, each byte changed, and recoveries from what is left of it",
  async run(context) {
    const tally = new Tally("journal-cut");
    const otps = context.short ? [oneOf(context, 2)] : context.otps;
    for (const otp of otps) {
      await using target = await Target.start(otp, PROCESSES);
      let bytes = new Uint8Array(0);
      await tally.run(otp, "an operation of all kinds", async () => {
        bytes = await whole(target);
      });
      await tally.run(otp, "cut", async () => cuts(tally, bytes));
      const flips = context.short ? 1 : 4;
      const random = randomOf(context, "journal-cut", otps.indexOf(otp));
      await tally.run(otp, "changed", async () => changes(tally, bytes, flips, random));
      await tally.run(otp, "opened for writing", () => opened(tally, target, bytes, random));
      for (let step = 1; step <= STEPS.length; step++) {
        await tally.run(otp, `a crash after step ${step}`, () =>
          crash(context, tally, target, bytes, step),
        );
      }
    }
    return tally.figures();
  },
};

async function held(target: Target): Promise<Held> {
  const supervisor = await target.whereis("guard_sup");
  const acceptors = Array.from({ length: 10 }, (_, at) => ({
    supervisor,
    id: tuple(atom("acceptor"), at + 1),
  }));
  return { pids: await target.servers(), acceptors };
}

/** The journal of an operation that did every step and ended well. */
async function whole(target: Target): Promise<Uint8Array<ArrayBuffer>> {
  const guardian = await Guardian.arm(target.node, { stateDirectory: target.state });
  const what = await held(target);
  for (const step of STEPS) await step(guardian, what);
  await guardian.release();
  await guardian.disarm();
  ensure((await target.held()) === 0, "a good operation left something");
  return Uint8Array.from(await readFile(await pathOf(target)));
}

/** Each prefix reads as a prefix of the records, never as damage. */
function cuts(tally: Tally, bytes: Uint8Array): void {
  const all = contentsOf(bytes).records.map(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { records, damage, end } = contentsOf(bytes.subarray(0, cut));
    ensure(damage === undefined, `cut at ${cut}: damage at ${damage?.offset}`);
    ensure(end <= cut, `cut at ${cut}: the next record would go to ${end}`);
    records.forEach((record, at) => {
      ensure(text(record) === all[at], `cut at ${cut}: record ${at} is another one`);
    });
  }
  tally.add("cuts", bytes.length + 1);
}

/** Each byte changed: the last record is a torn tail then, an earlier one is damage that is named; what is read is as it was written. */
function changes(tally: Tally, bytes: Uint8Array, flips: number, random: Random): void {
  const all = contentsOf(bytes).records.map(text);
  for (let at = 0; at < bytes.length; at++) {
    for (let flip = 0; flip < flips; flip++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (bytes[at] as number) ^ (1 + random.below(255));
      const { records, damage } = contentsOf(changed);
      ensure(records.length < all.length, `byte ${at} changed and nothing is said`);
      records.forEach((record, index) => {
        ensure(text(record) === all[index], `byte ${at}: record ${index} is another one`);
      });
      const torn = damage === undefined && records.length === all.length - 1;
      const named = damage !== undefined && damage.offset <= at;
      ensure(torn || named, `byte ${at}: read ${records.length}, damage at ${damage?.offset}`);
      tally.add(torn ? "changedAndTorn" : "changedAndNamed", 1);
    }
  }
}

/** As a controller opens it: cut, and ready for the next record. */
async function opened(
  tally: Tally,
  target: Target,
  bytes: Uint8Array,
  random: Random,
): Promise<void> {
  const path = await pathOf(target);
  for (let tries = 0; tries < 50; tries++) {
    const cut = random.below(bytes.length + 1);
    await writeFile(path, bytes.subarray(0, cut));
    const journal = await Journal.open(target.node.name, target.state);
    const before = journal.records.length;
    await journal.append("after the cut", { kind: "lost", why: "link" });
    await journal.close();
    const records = await Journal.read(target.node.name, target.state);
    ensure(records.length === before + 1, `cut at ${cut}: ${records.length} records`);
    ensure(records.at(-1)?.op === "after the cut", `cut at ${cut}: the new record is lost`);
    const { torn } = await examineJournal(path);
    ensure(
      torn === 0,
      `cut at ${cut}: ${torn} bytes of the torn record are left behind the new one`,
    );
    tally.add("opened", 1);
  }
  await writeFile(path, bytes);
}

/** The controller and the guardian die after this step, and half of the next record is on the disk. */
async function crash(
  context: Context,
  tally: Tally,
  target: Target,
  bytes: Uint8Array,
  steps: number,
): Promise<void> {
  const node = await target.connect();
  const guardian = await Guardian.arm(node, { stateDirectory: target.state });
  const what = await held(target);
  for (const step of STEPS.slice(0, steps)) await step(guardian, what);
  const path = await pathOf(target);
  await copyFile(path, `${path}.crash`);
  await target.loseBoth(() => node.close());
  await guardian.undo();
  const before = await target.held();
  // Its records end where the crash was, with a piece of one that began: the frame of a good record, cut.
  const random = randomOf(context, "crash", steps);
  const piece = bytes.subarray(12, 12 + 1 + random.below(60));
  await writeFile(path, Buffer.concat([await readFile(`${path}.crash`), piece]));
  const { operations } = await recovered(target);
  const undone = operations.at(-1)?.undoneNow;
  ensure(operations.length === 1, `recover found ${operations.length} operations`);
  ensure(before > 0 && undone !== undefined, "nothing was held after the crash");
  const given = undone.resumed + undone.restarted;
  ensure(given === before, `${before} were held, and recover gave ${given} back`);
  tally.add("recovered", 1);
  tally.add("givenBack", given);
}

async function pathOf(target: Target): Promise<string> {
  const [path] = await journalFiles(target.node.name, target.state);
  ensure(path !== undefined, "there is no journal");
  return path;
}

/** Everything in a record, so that records can be compared. */
function text(record: JournalRecord): string {
  return JSON.stringify(record, (_, value) => {
    const term = typeof value === "object" && value !== null && value.constructor !== Object;
    return term && !Array.isArray(value) ? inspect(value, { syntax: "erlang" }) : value;
  });
}
