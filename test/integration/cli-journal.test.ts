import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Entry, Journal } from "../../src/guard/index.ts";
import { atom, Pid, Reference, tuple } from "../../src/term/index.ts";
import { Cli } from "../support/cli/run.ts";

// No node of this name runs anywhere: the commands must do without.
const NODE = "gone_shop@localhost";
const OTHER = "other_shop@localhost";
const CREATION = 1_700_000_000;
const pid = (id: number) => new Pid(atom(NODE), id, 0, CREATION);
const begin: Entry = {
  kind: "begin",
  ...{ node: NODE, creation: CREATION, purpose: "an upgrade", holder: "me", host: "here" },
  guardian: "00",
};
const timers = [tuple(atom("once"), new Reference(atom(NODE), CREATION, [1, 2, 3]))];
const pids = Array.from({ length: 12 }, (_, at) => pid(at + 100));
const end: Entry = { kind: "end", outcome: "disarmed", left: 0 };

let cli: Cli;
let state: string;
let path: string;
beforeAll(async () => {
  cli = await Cli.for({ name: NODE, port: 1, cookie: "a cookie nobody needs" });
  state = join(cli.home, "state", "beamctl");
  await using journal = await Journal.open(NODE, state);
  await journal.append("first-operation", begin);
  await journal.append("first-operation", { kind: "suspend", pids, timers });
  const failed = [{ what: pid(100), reason: "timeout" }];
  await journal.append("first-operation", { kind: "suspended", count: 11, failed });
  await journal.append("first-operation", end);
  await journal.append("second-operation", begin);
  await journal.append("second-operation", end);
  path = journal.path;
  await using other = await Journal.open(OTHER, state);
  await other.append("elsewhere", { ...begin, node: OTHER });
  await other.append("elsewhere", end);
});
afterAll(() => cli[Symbol.asyncDispose]());

test("cat prints the records of the node's journal, one a line", async () => {
  const { code, stdout, stderr } = await cli.run(["journal", "cat"]);
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(7);
  expect(lines[0]).toMatch(/^seq +time +operation +kind +details$/);
  expect(lines[1]).toMatch(/^ +1 {2}\d{4}-\d\d-\d\dT[\d:.]+Z {2}first-op {3}begin .*"an upgrade"/);
  expect(lines[2]).toContain("12: <0.100.0> <0.101.0>");
  expect(lines[2]).toContain(`and 4 more (creation ${CREATION})`);
  expect(lines[3]).toContain(
    `count: 11, failed: {what: <0.100.0> (creation ${CREATION}), reason: "timeout"}`,
  );
});

test("cat gives machines everything, of one operation too", async () => {
  const { stdout } = await cli.run(["journal", "cat", "--op", "first", "-o", "ndjson"]);
  const records = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map(({ kind }) => kind)).toEqual(["begin", "suspend", "suspended", "end"]);
  expect(records[1]).toMatchObject({ file: path, seq: 2, op: "first-operation" });
  expect(records[1].pids).toHaveLength(12);
  expect(records[1].pids[0]).toEqual({ "%pid": "<0.100.0>", node: NODE, creation: CREATION });
  expect(records[1].timers[0]["%t"][0]).toEqual({ "%a": "once" });
  const whole = await cli.run(["journal", "cat", path, "--json"]);
  expect(JSON.parse(whole.stdout)).toHaveLength(6);
});

test("verify says that all is well, of one node or of all", async () => {
  const { code, stdout } = await cli.run(["journal", "verify"]);
  expect(code).toBe(0);
  expect(stdout.split("\n")[1]).toMatch(/gone_shop@localhost\.journal +\d+ +6 +2 +0 +0 +whole$/);
  const all = await cli.run(["journal", "verify", path, join(state, `${OTHER}.journal`), "--json"]);
  expect(JSON.parse(all.stdout)).toMatchObject([
    { path, records: 6, ended: 2, unfinished: [], torn: 0, damage: null },
    { records: 2, ended: 1 },
  ]);
});

test("verify tells what has no end, and exits 2; a writer's lock is no matter", async () => {
  await using journal = await Journal.open(NODE, state);
  await journal.append("third-operation", begin);
  await journal.append("third-operation", { kind: "suspend", pids, timers });
  const { code, stdout, stderr } = await cli.run(["journal", "verify", "--json"]);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)[0].unfinished).toMatchObject([
    { operation: "third-operation", node: NODE, creation: CREATION, suspended: 12 },
  ]);
  expect(stderr).toContain("an upgrade (third-operation) by me on here");
  expect(stderr).toContain("beamctl recover");
  await journal.append("third-operation", end);
});

test("a torn tail is told and is no damage; nothing is changed by reading", async () => {
  const bytes = await readFile(path);
  const torn = join(cli.home, "torn.journal");
  await writeFile(torn, bytes.subarray(0, -5));
  const { code, stdout, stderr } = await cli.run(["journal", "verify", torn]);
  expect(code).toBe(2); // its last operation has lost its end
  expect(stdout).toMatch(/ [1-9]\d* +whole\n/);
  expect(stderr).toMatch(/last \d+ bytes are a record that was not written to its end/);
  expect((await cli.run(["journal", "cat", torn])).stderr).toContain("not written to its end");
  expect((await readFile(torn)).equals(bytes.subarray(0, -5))).toBe(true);
});

test("damage is named with its offset, what is before it is shown, and the exit code is 65", async () => {
  const bytes = await readFile(path);
  const first = 12 + 8 + bytes.readUInt32BE(12);
  bytes[first + 20] = (bytes[first + 20] as number) ^ 0xff;
  const damaged = join(cli.home, "damaged.journal");
  await writeFile(damaged, bytes);
  const verify = await cli.run(["journal", "verify", damaged, "--json"]);
  expect(verify.code).toBe(65);
  expect(JSON.parse(verify.stdout)[0]).toMatchObject({
    records: 1,
    damage: { offset: first, what: "the record does not match its checksum" },
  });
  const cat = await cli.run(["journal", "cat", damaged, "-o", "ndjson"]);
  expect([cat.code, cat.stdout.split("\n").length]).toEqual([65, 2]);
  expect(cat.stderr).toContain(`damaged at byte ${first}`);
});

test("a file that is not there is an error, and a folder without journals is none", async () => {
  const missing = await cli.run(["journal", "cat", join(cli.home, "nothing")]);
  expect([missing.code, missing.stdout]).toEqual([78, ""]);
  expect(missing.stderr).toContain("cannot be read: there is none");
  await using empty = await Cli.for({ name: NODE, port: 1, cookie: "a cookie nobody needs" });
  const none = await empty.run(["journal", "verify"]);
  expect([none.code, none.stdout]).toEqual([0, ""]);
  expect(none.stderr).toContain(`there is no journal of ${NODE}`);
});
