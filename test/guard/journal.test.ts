import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type Entry,
  Journal,
  JournalDamagedError,
  JournalError,
  JournalLockedError,
} from "../../src/guard/index.ts";
import { atom, Pid, Reference, tuple } from "../../src/term/index.ts";

const NODE = "shop@10.0.0.7";
const pid = (id: number) => new Pid(atom(NODE), id, 0, 1_700_000_000);
const begin: Entry = {
  kind: "begin",
  node: NODE,
  creation: 1_700_000_000,
  purpose: "a test",
  holder: "me",
  host: "here",
  guardian: "00",
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beamctl-journal-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(entries: readonly Entry[]): Promise<string> {
  await using journal = await Journal.open(NODE, folder);
  for (const entry of entries) await journal.append("op", entry);
  return journal.path;
}

describe("a journal", () => {
  test("gives back what was written, terms and all", async () => {
    const timers = [tuple(atom("once"), new Reference(atom(NODE), 1_700_000_000, [1, 2, 3]))];
    const suspend: Entry = { kind: "suspend", pids: [pid(1), pid(2)], timers };
    await written([begin, suspend]);
    const records = await Journal.read(NODE, folder);
    expect(records).toMatchObject([
      { v: 1, seq: 1, op: "op", ...begin },
      { v: 1, seq: 2, op: "op", ...suspend },
    ]);
  });

  test("knows what is frozen, what was given back, and the order of what is held", async () => {
    const child = (id: string) => ({ supervisor: pid(9), id: atom(id) });
    const freeze: Entry = { kind: "freeze", pids: [pid(1), pid(2), pid(3)], timers: [atom("t")] };
    await written([
      begin,
      { kind: "suspend", pids: [pid(4)], timers: [] },
      freeze,
      { kind: "frozen", count: 2, failed: [{ what: pid(3), reason: "timeout" }] },
      { kind: "hold", acceptors: [child("z"), child("a")], timers: [] },
      { kind: "hold", acceptors: [child("m")], timers: [] },
      { kind: "resumed", pids: [pid(2)], failed: [] },
    ]);
    await using journal = await Journal.open(NODE, folder);
    expect(journal.records[2]).toMatchObject(freeze);
    const [operation] = journal.unfinished;
    expect(operation).toMatchObject({
      pids: [pid(4)],
      frozen: [pid(1), pid(3)],
      timers: [atom("t")],
    });
    expect(operation?.acceptors).toEqual([child("z"), child("a"), child("m")]);
  });

  test("is empty where there is none, and reading makes none", async () => {
    expect(await Journal.read(NODE, folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("counts on where it was closed", async () => {
    await written([begin]);
    await written([{ kind: "disarm" }]);
    expect((await Journal.read(NODE, folder)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test("can be read by its user alone", async () => {
    const inner = join(folder, "state");
    await using journal = await Journal.open(NODE, inner);
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
    expect((await stat(journal.path)).mode & 0o777).toBe(0o600);
  });

  test("has a file of its own for every node, whatever its name", async () => {
    const names = ["a@b", "../../etc/passwd@b", "A@b", "ä@b", `${"x".repeat(250)}@b`, ".@b"];
    for (const name of names) await (await Journal.open(name, folder)).close();
    const files = (await readdir(folder)).filter((name) => name.endsWith(".journal"));
    expect(files).toHaveLength(names.length);
  });

  test("tells what has not ended, and what of it is held", async () => {
    await using journal = await Journal.open(NODE, folder);
    const acceptor = { supervisor: pid(9), id: tuple(atom("acceptor"), 1) };
    const timers = [atom("timer")];
    await journal.append("first", begin);
    await journal.append("first", { kind: "end", outcome: "disarmed", left: 0 });
    await journal.append("second", begin);
    await journal.append("second", { kind: "suspend", pids: [pid(1), pid(2)], timers });
    await journal.append("second", { kind: "hold", acceptors: [acceptor], timers });
    await journal.append("second", { kind: "resumed", pids: [pid(1)], failed: [] });
    await journal.append("second", { kind: "phase", phase: "install", longest: 1 });
    expect(journal.unfinished).toMatchObject([
      { operation: "second", pids: [pid(2)], acceptors: [acceptor], installing: true },
    ]);
  });

  test("that is torn at its end is cut there", async () => {
    const path = await written([begin, { kind: "disarm" }]);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, -3));
    await written([{ kind: "resume" }]);
    expect((await Journal.read(NODE, folder)).map(({ kind }) => kind)).toEqual(["begin", "resume"]);
  });

  test("that is damaged in the middle names the place", async () => {
    const path = await written([begin, { kind: "disarm" }, { kind: "resume" }]);
    const bytes = await readFile(path);
    bytes[40] = (bytes[40] as number) ^ 1;
    await writeFile(path, bytes);
    const error = await Journal.open(NODE, folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JournalDamagedError);
    expect(error).toMatchObject({ code: "BEAM_JOURNAL", offset: 12 });
  });

  test("of another program, or another version, is left alone", async () => {
    for (const bytes of ["not a journal of ours", "beamctl\n\0\0\0\x02"]) {
      await writeFile(join(folder, `${NODE}.journal`), bytes);
      await expect(Journal.open(NODE, folder)).rejects.toThrow(JournalDamagedError);
      expect(await readFile(join(folder, `${NODE}.journal`), "latin1")).toBe(bytes);
    }
  });

  test("starts anew when it is large and all in it has ended", async () => {
    const large: Entry = { ...begin, purpose: "x".repeat(17_000_000) };
    await written([large]);
    await written([]);
    expect(await Journal.read(NODE, folder)).toHaveLength(1);
    await written([{ kind: "end", outcome: "disarmed", left: 0 }]);
    await written([begin]);
    expect(await Journal.read(NODE, folder)).toMatchObject([{ seq: 1, purpose: "a test" }]);
    expect((await readdir(folder)).sort()).toEqual([`${NODE}.journal`, `${NODE}.journal.old`]);
  });
});

describe("a journal that cannot be written", () => {
  test("is an error before anything is done", async () => {
    const file = join(folder, "file");
    await (await open(file, "w")).close();
    await expect(Journal.open(NODE, join(file, "state"))).rejects.toThrow(JournalError);
  });

  test("is one that is no file: what is read of a device may have no end", async () => {
    await mkdir(join(folder, `${NODE}.journal`));
    await expect(Journal.open(NODE, folder)).rejects.toThrow("is no regular file");
    expect(await readdir(folder)).toEqual([`${NODE}.journal`]);
  });

  test("takes nothing more, and keeps what it has", async () => {
    const script = `
      import { Journal } from "./src/guard/index.ts";
      const journal = await Journal.open("${NODE}", ${JSON.stringify(folder)});
      await journal.append("op", ${JSON.stringify(begin)});
      for (const purpose of ["x".repeat(100_000), "short"]) {
        await journal.append("op", { ...${JSON.stringify(begin)}, purpose }).catch((error) => console.log(error.name));
      }`;
    // It leaves the journal open, of which Node 24 warns when it collects its garbage.
    const run = ["--no-warnings", "--import", "tsx", "--input-type=module", "-e", script];
    const limited = ["-c", 'ulimit -f 32; exec "$0" "$@"', process.execPath, ...run];
    const { stdout, stderr } = spawnSync("bash", limited, { encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["JournalError\nJournalError\n", ""]);
    // Its process ended without closing it, so its lock is stale.
    await using journal = await Journal.open(NODE, folder);
    expect(journal.records).toHaveLength(1);
  });
});

describe("the lock of a journal", () => {
  test("lets one in at a time", async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => Journal.open(NODE, folder)),
    );
    const open = tries.filter((result) => result.status === "fulfilled");
    expect(open).toHaveLength(1);
    for (const { reason } of tries.filter((result) => result.status === "rejected")) {
      expect(reason).toBeInstanceOf(JournalLockedError);
      expect(reason).toMatchObject({ holder: process.pid });
    }
    await open[0]?.value.close();
    await (await Journal.open(NODE, folder)).close();
    expect(await readdir(folder)).toEqual([`${NODE}.journal`]);
  });

  test.each([
    ["a dead process", { pid: 2 ** 22 + 1, start: "1" }],
    ["another process with its pid", { pid: process.pid, start: "1" }],
    ["nobody who can be read", "{"],
  ])("of %s is broken", async (_, holder) => {
    const content = typeof holder === "string" ? holder : JSON.stringify(holder);
    await writeFile(join(folder, `${NODE}.journal.lock`), content);
    await (await Journal.open(NODE, folder)).close();
    expect(await readdir(folder)).toEqual([`${NODE}.journal`]);
  });
});
