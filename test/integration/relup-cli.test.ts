/** `beamctl relup` as users run it, on a real release. */

import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRelupFile } from "../../src/relup/index.ts";
import { equals, parse } from "../../src/term/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
const COUNTER = "Elixir.Shop.Counter";
const ROOM = "Elixir.Shop.RoomChannel";

describe.runIf(HAVE)("beamctl relup", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let cli: Cli;
  beforeAll(async () => {
    given = await openShop();
    const { name, cookie, distPort: port } = given.shop;
    cli = await Cli.for({ name, cookie, port });
  });
  afterAll(async () => {
    await cli?.[Symbol.asyncDispose]();
    await given?.[Symbol.asyncDispose]();
  });

  it("explains in words, and with the terms in either syntax", async () => {
    const { code, stdout, stderr } = await cli.run(["relup", "explain", "0.2.0"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ *2 +after +point of no return: a failure after this restarts the node$/m,
    );
    expect(stdout).toMatch(/^ +! +kills the processes that still run old code of Shop\.Http$/m);
    expect(stdout).toMatch(
      /^loads 3 modules; suspends processes of 2; the node does not restart$/m,
    );
    expect(stdout).toMatch(/^Shop\.Counter +1 +suspended, state converted +<0\.\d+\.0>$/m);
    const erlang = await cli.run(["relup", "explain", "0.2.0", "--from", "0.1.0", "-o", "erlang"]);
    expect(erlang.stdout).toContain("{suspend,['Elixir.Shop.Counter']}");
    const elixir = await cli.run(["relup", "explain", "0.2.0", "-o", "elixir"]);
    expect(elixir.stdout).toContain("{:suspend, [Shop.Counter]}");
  });

  it("explains as one object, and as lines", async () => {
    const { stdout } = await cli.run(["relup", "explain", "0.2.0", "--json"]);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ from: "0.1.0", to: "0.2.0", direction: "up", file: given.file });
    expect(told.instructions[1]).toMatchObject({
      instruction: { "%a": "point_of_no_return" },
      phase: "after",
      danger: null,
    });
    expect(told.summary.suspendedBy).toEqual([COUNTER, ROOM]);
    expect(told.impact.processes[0]).toMatchObject({ module: COUNTER, count: 1 });
    const lines = (await cli.run(["relup", "explain", "0.2.0", "-o", "ndjson"])).stdout;
    const types = lines
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toEqual([...Array<string>(11).fill("instruction"), "summary", "impact"]);
  });

  it("explains no way that there is not", async () => {
    const { code, stderr } = await cli.run(["relup", "explain", "0.3.0"]);
    expect(stderr).toMatch(/^error: no relup leads from 0\.1\.0 to 0\.3\.0/);
    expect(code).toBe(3);
  });

  it("shows the terms", async () => {
    const { stdout } = await cli.run(["relup", "show", "0.2.0", "-o", "erlang"]);
    const { term } = await readRelupFile(given.node, "0.2.0");
    expect(equals(parse(stdout, { syntax: "erlang" }), term)).toBe(true);
    const missing = await cli.run(["relup", "show", "0.3.0"]);
    expect(missing.stderr).toMatch(/release 0\.3\.0 has no relup on the node/);
    expect(missing.code).toBe(3);
  });

  it("soft-purge shows the difference, asks, writes, has nothing more to do, and restore takes it back", async () => {
    const before = await readFile(given.file, "utf8");
    const dry = await cli.run(["relup", "soft-purge", "0.2.0", "--dry-run", "-o", "erlang"]);
    expect(dry.stdout).toContain("{load,{'Elixir.Shop.Http',soft_purge,brutal_purge}}");
    expect(dry.stdout.match(/^(up from|down to) 0\.1\.0 /gm)).toHaveLength(6);
    expect(dry.code).toBe(0);
    const asked = await cli.run(["relup", "soft-purge", "0.2.0"]);
    expect(asked.stderr).toMatch(/nobody to ask/);
    expect(asked.code).toBe(64);
    expect(await readFile(given.file, "utf8")).toBe(before);

    const done = await cli.run(["relup", "soft-purge", "0.2.0", "--yes", "--json"]);
    expect(done.code).toBe(0);
    const { changes, backup } = JSON.parse(done.stdout) as { changes: unknown[]; backup: string };
    expect(changes).toHaveLength(6);
    expect(await readFile(backup, "utf8")).toBe(before);
    expect(await readFile(given.file, "utf8")).not.toContain("{'Elixir.Shop.Http',brutal");
    const again = await cli.run(["relup", "soft-purge", "0.2.0", "--yes"]);
    expect(again.stderr).toMatch(/purges nothing brutally beforehand/);
    expect(again.code).toBe(0);

    expect((await cli.run(["relup", "restore", "0.2.0"])).code).toBe(64);
    const back = await cli.run(["relup", "restore", "0.2.0", "--yes", "--json"]);
    expect(JSON.parse(back.stdout)).toMatchObject({ file: given.file, backup });
    expect(await readFile(given.file, "utf8")).toBe(before);
    const none = await cli.run(["relup", "restore", "0.2.0", "--yes"]);
    expect(none.stderr).toMatch(/holds no backup of a relup/);
    expect(none.code).toBe(3);
  });
});
