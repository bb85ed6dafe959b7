/** Relups on real nodes: explained, weighed against who runs, rewritten and put back; OTP's own release handler is the judge. */

import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import type { BeamNode } from "../../src/node/index.ts";
import * as otp from "../../src/otp/index.ts";
import {
  explainRelup,
  type Instruction,
  instructionsOf,
  RelupError,
  type RelupImpact,
  readRelup,
  readRelupFile,
  relupBackups,
  relupImpact,
  relupTerm,
  restoreRelup,
  softPurge,
  withInstructions,
  writeRelup,
} from "../../src/relup/index.ts";
import {
  Atom,
  atom,
  charlist,
  equals,
  type Pid,
  parse,
  type Term,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop, supervised } from "../support/shop/open.ts";
import type { ShopNode } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
const COUNTER = "Elixir.Shop.Counter";
const ROOM = "Elixir.Shop.RoomChannel";
const HTTP = "Elixir.Shop.Http";

/** Has a request stay in Shop.Http and the module loaded again, so that the request runs old code; gives what ends it. */
async function inOldCode({ node, shop }: { node: BeamNode; shop: ShopNode }): Promise<() => void> {
  const abort = new AbortController();
  const { signal } = abort;
  fetch(`http://127.0.0.1:${shop.httpPort}/slow?ms=600000`, { signal }).catch(() => undefined);
  const inside = `lists:any(fun(P) -> case process_info(P, current_stacktrace) of
      {_, Stack} -> lists:keymember('${HTTP}', 1, Stack); _ -> false end end, processes())`;
  const runs = () => otp.evaluate(node, inside, { language: "erlang" });
  await expect.poll(runs, { timeout: 10_000 }).toBe(atom("true"));
  await node.call("code", "load_file", [atom(HTTP)]);
  return () => abort.abort();
}

const pidsOf = (impact: RelupImpact, module: string) =>
  impact.processes.find((found) => found.module === module);

/** The rows of a list that suspends these modules. */
const suspending = (...modules: string[]) =>
  explainRelup([tuple(atom("suspend"), modules.map(atom)) as Instruction]).rows;

describe.runIf(HAVE).each(["otp25", "otp27", "otp29"] as const)(
  "the relup of the shop on %s",
  (set) => {
    it("is explained, and who is affected is whom the release handler finds", async () => {
      await using given = await openShop(set);
      const remote = otp.observer(given.node);
      const clients = await Clients.connect(given.shop.httpPort, 25);
      try {
        const path = await readRelup(remote, "0.1.0", "0.2.0");
        expect(path.direction).toBe("up");
        const { rows, summary } = explainRelup(path.instructions);
        expect(rows.map(({ kind, phase }) => `${phase} ${kind}`)).toEqual(
          [
            "before load_object_code",
            ...["point_of_no_return", "suspend", "load", "code_change", "resume"],
            ...["suspend", "load", "code_change", "resume", "load"],
          ].map((text) => (text.startsWith("before") ? text : `after ${text}`)),
        );
        expect(rows.some(({ refused }) => refused)).toBe(false);
        expect(summary).toMatchObject({
          modulesLoaded: [COUNTER, ROOM, "Elixir.Shop.Http"],
          suspendedBy: [COUNTER, ROOM],
          applicationsRestarted: [],
          emulatorRestarts: 0,
        });

        const impact = await relupImpact(remote, rows, { pids: 100 });
        for (const [module, count] of [
          [COUNTER, 1],
          [ROOM, 25],
        ] as const) {
          const found = pidsOf(impact, module);
          expect(found?.changes).toEqual(["suspend", "code_change"]);
          expect(found?.pids.map(String).toSorted()).toEqual(await supervised(given.node, module));
          expect(found?.count).toBe(count);
        }
        expect(impact.unanswered).toEqual({ count: 0, pids: [] });
        const few = pidsOf(await relupImpact(remote, rows, { pids: 3 }), ROOM);
        expect([few?.count, few?.pids.length]).toEqual([25, 3]);

        const down = await readRelup(remote, "0.2.0", "0.1.0");
        expect(down.direction).toBe("down");
        expect(explainRelup(down.instructions).rows[3]?.text).toContain("back to the old version");
      } finally {
        clients.close();
      }
    });

    it("finds every module that any child spec of the node names, top supervisors and event managers too", async () => {
      await using given = await openShop(set);
      const all = (await given.node.call(
        "release_handler_1",
        "get_supervised_procs",
        [],
      )) as Tuple[];
      const modules = new Set<string>();
      for (const { items } of all) {
        for (const module of items[3] as readonly Term[])
          if (module instanceof Atom) modules.add(module.name);
      }
      expect(modules).toContain("Elixir.Supervisor.Default"); // of the shop's top supervisor
      const impact = await relupImpact(otp.observer(given.node), suspending(...modules), {
        pids: 1000,
      });
      const asked = new Set(impact.askedByHandler.pids.map(String));
      for (const module of modules) {
        const theirs = (await supervised(given.node, module)).filter((pid) => !asked.has(pid));
        expect([module, pidsOf(impact, module)?.pids.map(String).toSorted()]).toEqual([
          module,
          theirs,
        ]);
      }
      // What we leave to the release handler are exactly the children whose modules it had to ask for.
      expect(asked.size).toBe(impact.askedByHandler.count);
      expect(asked.size).toBeGreaterThan(0);
    });

    it("is made soft, refuses a process in old code, installs when it is gone, and is put back", async () => {
      await using given = await openShop(set);
      const { node, file } = given;
      const before = await readFile(file, "utf8");
      const read = await readRelupFile(node, "0.2.0");
      const soft = withInstructions(read.relup, softPurge(instructionsOf(read.relup, "0.1.0")));
      const written = await writeRelup(node, "0.2.0", soft, { expected: read.term });
      expect(written.file).toBe(file);
      expect(await readFile(written.backup as string, "utf8")).toBe(before);
      const text = await readFile(file, "utf8");
      expect(text).toMatch(/^%% coding: utf-8\n/);
      expect(text).toContain("{load,{'Elixir.Shop.Http',soft_purge,brutal_purge}}");
      expect(text).toContain('{"0.2.0",\n'); // strings stay strings
      const { rows } = explainRelup((await readRelup(node, "0.1.0", "0.2.0")).instructions);
      expect(rows.filter(({ danger }) => danger !== undefined)).toEqual([]);

      const end = await inOldCode(given);
      const impact = await relupImpact(otp.observer(node), rows);
      const runs = impact.oldCode.find(({ module }) => module === HTTP);
      expect(runs).toMatchObject({ purge: "soft", count: 1 });
      const pid = runs?.pids[0] as Pid;
      const refused = otp.installRelease(node, "0.2.0");
      await expect(refused).rejects.toMatchObject({ reason: "old_processes" });
      expect(await node.call("erlang", "is_process_alive", [pid])).toBe(atom("true"));
      await node.call("erlang", "exit", [pid, atom("kill")]);
      end();
      await otp.installRelease(node, "0.2.0");

      const restored = await restoreRelup(node, "0.2.0");
      expect(restored.backup).toBe(written.backup);
      expect(await readFile(file, "utf8")).toBe(before);
      expect(await readFile(restored.kept as string, "utf8")).toBe(text);
      expect(await relupBackups(node, "0.2.0")).toEqual([]);
      await otp.installRelease(node, "0.1.0"); // down, by the relup that was put back
    });
  },
);

describe.runIf(HAVE)("a relup on the node", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let good: string;
  beforeAll(async () => {
    given = await openShop();
    good = await readFile(given.file, "utf8");
  });
  afterAll(() => given?.[Symbol.asyncDispose]());
  const restoreFile = () => writeFile(given.file, good);

  it.each<[string, string, RegExp]>([
    ["is no Erlang", '{"0.2.0",\n [{"0.1.0",[}]}.', /relup on the node: line 2 holds no terms/],
    ["holds two terms", '{"0.2.0",[],[]}.\nx.\n', /it holds 2 terms, not one/],
    ["holds none", "%% nothing\n", /it holds 0 terms/],
    ["is of another version", '{"0.9.0",[],[]}.\n', /it is of version 0\.9\.0/],
    [
      "has a number among the instructions",
      '{"0.2.0",[{"0.1.0",[],[point_of_no_return,7]}],[]}.\n',
      /up from 0\.1\.0, instruction 2: 7 is no instruction/,
    ],
  ])("that %s is an error which names the place", async (_name, text, place) => {
    await writeFile(given.file, text);
    try {
      for (const reading of [
        () => readRelupFile(given.node, "0.2.0"),
        () => readRelup(given.node, "0.1.0", "0.2.0"),
      ]) {
        const error = await reading().catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(RelupError);
        expect((error as RelupError).message).toMatch(place);
        expect((error as RelupError).message).toContain(given.file);
      }
    } finally {
      await restoreFile();
    }
  });

  it("is written with every kind of text, and read back the same", async () => {
    const read = await readRelupFile(given.node, "0.2.0");
    const odd = parse(
      '{apply,{\'Elixir.Ä.привет\',run,["latin ü","cyrillic привет",<<"текст"/utf8>>,<<255,0>>,1.5,#{a=>"b"},{}]}}',
      { syntax: "erlang" },
    ) as Instruction;
    const relup = {
      ...read.relup,
      up: read.relup.up.map((entry) => ({
        ...entry,
        description: charlist("with ü and привет"),
        instructions: [...entry.instructions, odd],
      })),
    };
    const mode = (await stat(given.file)).mode;
    await writeRelup(given.node, "0.2.0", relup);
    const again = await readRelupFile(given.node, "0.2.0");
    expect(equals(again.term, relupTerm(relup))).toBe(true);
    expect(await readFile(given.file, "utf8")).toContain('"latin ü"');
    expect((await stat(given.file)).mode).toBe(mode);
    await restoreRelup(given.node, "0.2.0");
    expect(await readFile(given.file, "utf8")).toBe(good);
  });

  it("is left alone by what cannot be written", async () => {
    const read = await readRelupFile(given.node, "0.2.0");
    const files = await readdir(join(given.file, ".."));
    const self = (await given.node.call("erlang", "whereis", [atom("init")])) as Pid;
    const lists = instructionsOf(read.relup, "0.1.0");
    const withPid = withInstructions(read.relup, {
      ...lists,
      upInstructions: [tuple(atom("apply"), self) as Instruction],
    });
    await expect(writeRelup(given.node, "0.2.0", withPid)).rejects.toThrow(
      /not written: read back/,
    );
    await expect(
      writeRelup(given.node, "0.2.0", read.relup, { expected: atom("other") }),
    ).rejects.toThrow(/somebody changed it meanwhile/);
    await expect(writeRelup(given.node, "0.3.0", read.relup)).rejects.toMatchObject({
      code: "BEAM_USAGE",
    });
    await expect(
      writeRelup(given.node, "0.3.0", { ...read.relup, version: "0.3.0" }),
    ).rejects.toThrow(/releases\/0\.3\.0\/relup was not written: write failed: :enoent/);
    await expect(
      writeRelup(given.node, "../0.2.0", { ...read.relup, version: "../0.2.0" }),
    ).rejects.toMatchObject({ code: "BEAM_USAGE" });
    await expect(restoreRelup(given.node, "0.2.0", "relup")).rejects.toThrow(
      /holds no backup relup/,
    );
    expect(await readFile(given.file, "utf8")).toBe(good);
    expect(await readdir(join(given.file, ".."))).toEqual(files); // no half-written file is left
  });

  it("is not written or restored by an observer", async () => {
    const remote = otp.observer(given.node);
    const read = await readRelupFile(remote, "0.2.0");
    await expect(writeRelup(remote, "0.2.0", read.relup)).rejects.toThrow(otp.DeniedError);
    const { backup } = await writeRelup(given.node, "0.2.0", read.relup);
    await expect(restoreRelup(remote, "0.2.0")).rejects.toThrow(otp.DeniedError);
    await rm(backup as string);
    await restoreFile();
  });

  it("and a supervisor that hangs is said, since the release handler's walk would fail at it", async () => {
    const { node } = given;
    const pool = (await node.call("erlang", "whereis", [
      atom("Elixir.Shop.Endpoint.Shop.UserSocket"),
    ])) as Pid;
    await node.call("sys", "suspend", [pool]);
    try {
      const impact = await relupImpact(otp.observer(node), suspending(COUNTER), { wait: 300 });
      expect(impact.unanswered.pids.map(String)).toEqual([String(pool)]);
      expect(pidsOf(impact, COUNTER)?.count).toBe(1);
    } finally {
      await node.call("sys", "resume", [pool]);
    }
  });

  it("purged brutally kills whom the impact names", async () => {
    await using fresh = await openShop();
    const { node } = fresh;
    const end = await inOldCode(fresh);
    const { rows } = explainRelup((await readRelup(node, "0.1.0", "0.2.0")).instructions);
    const { oldCode } = await relupImpact(otp.observer(node), rows);
    const victim = oldCode.find(({ module }) => module === HTTP);
    expect(victim).toMatchObject({ purge: "brutal", count: 1 });
    const alive = () => node.call("erlang", "is_process_alive", [victim?.pids[0] as Pid]);
    expect(await alive()).toBe(atom("true"));
    await otp.installRelease(node, "0.2.0");
    expect(await alive()).toBe(atom("false"));
    end();
  });
});
