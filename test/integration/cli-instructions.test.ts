/** `beamctl plan` and `beamctl instruction`, as a user runs them on a live release. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { leftSuspended } from "../../src/otp/index.ts";
import { listeners } from "../../src/topology/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

const LIBRARY = fileURLToPath(new URL("../../lib/instructions/index.js", import.meta.url));
let given: Awaited<ReturnType<typeof openShop>>;
let node: BeamNode;
let cli: Cli;
let folder: string;

describe.runIf(await hasRabbit())("on the command line", () => {
  beforeAll(async () => {
    given = await openShop();
    ({ node } = given);
    const { name, cookie, distPort: port } = given.shop;
    cli = await Cli.for({ name, cookie, port });
    folder = await mkdtemp(join(tmpdir(), "beamctl-plans-"));
  });
  afterAll(async () => {
    await cli?.[Symbol.asyncDispose]();
    await given?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("plan shows each step with its part, and changes nothing", async () => {
    const { code, stdout, stderr } = await cli.run(["plan", "0.2.0"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/0\.1\.0 to 0\.2\.0 \(up\), relup \//),
    ]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) =>
        line
          .trim()
          .split(/\s{2,}/)
          .slice(0, 2)
          .join(" "),
      );
    expect(rows).toContain("check CheckRanchConnections");
    expect(rows).toContain("mark point_of_no_return");
    expect(rows.indexOf("before SuspendChannels")).toBeLessThan(rows.indexOf("install install"));
    expect(rows.indexOf("after ResumeChannels")).toBeLessThan(
      rows.indexOf("after ResumeRanchAcceptors"),
    );
    expect(await listeners(node)).toMatchObject([{ status: "running" }]);
  });

  it("plan gives the lists of both directions, for people and as JSON", async () => {
    const { stdout } = await cli.run(["plan", "0.2.0", "--lists", "--plan", "minimal"]);
    expect(stdout).toMatch(/^up +\{:load_object_code/m);
    expect(stdout).toMatch(/^down +:point_of_no_return/m);
    const { stdout: json } = await cli.run(["plan", "0.2.0", "--json", "--in-relup"]);
    const view = JSON.parse(json) as {
      steps: { part: string; name: string }[];
      upInstructions: unknown[];
    };
    expect(view.steps.map(({ name }) => name)).toContain("load_object_code");
    expect(view.upInstructions.length).toBe(view.steps.length - 1); // and verify, which is no instruction
  });

  it("plan takes a list of one's own, and says what is wrong with one that is none", async () => {
    const own = join(folder, "own.mjs");
    await writeFile(
      own,
      `import { defineInstruction, EDELIVER } from ${JSON.stringify(LIBRARY)};
       export default [...EDELIVER, defineInstruction({ name: "Mine.Last", run: async () => {} })];`,
    );
    const { stdout } = await cli.run(["plan", "0.2.0", "--plan", own]);
    const [mine, last] = stdout.trim().split("\n").slice(-2);
    expect(mine).toMatch(/^after +Mine\.Last +\[\]$/);
    expect(last).toMatch(/^after +verify$/);
    const wrong = join(folder, "wrong.mjs");
    await writeFile(wrong, "export default 42;");
    for (const [file, message] of [
      [wrong, "is no list of instructions"],
      [join(folder, "none.mjs"), "cannot be loaded"],
    ] as const) {
      const refused = await cli.run(["plan", "0.2.0", "--plan", file]);
      expect(refused.code).toBe(64);
      expect(refused.stderr).toContain(message);
    }
  });

  it("instruction ls needs no node", async () => {
    const { code, stdout } = await cli.run(["instruction", "ls", "-o", "ndjson"]);
    expect(code).toBe(0);
    const all = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string });
    expect(all.map(({ name }) => name)).toContain("CodeChangeOnAppProcesses");
  });

  it("instruction run looks without asking, and changes only with a yes", async () => {
    const looked = await cli.run(["instruction", "run", "CheckRanchConnections"]);
    expect(looked.stderr).toContain("---> found 10 acceptors on 1 listeners");
    expect([looked.code, looked.stdout]).toEqual([
      0,
      expect.stringContaining("CheckRanchAcceptors"),
    ]);
    const asked = await cli.run(["instruction", "run", "SuspendRanchAcceptors"]);
    expect(asked.code).toBe(64);
    expect(asked.stderr).toContain("Add --yes when you mean it.");
    const done = await cli.run([
      ...["instruction", "run", "SuspendRanchAcceptors", "--yes", "--json"],
      ...["--acceptors", "refuse", "--for", "200ms"],
    ]);
    expect(JSON.parse(done.stdout)).toMatchObject({ heldAcceptors: 10, listeners: 1 });
    expect(done.stderr).toContain("---> holding 10 acceptors; new clients are refused");
    expect(await leftSuspended(node)).toEqual([]);
    expect(await listeners(node)).toMatchObject([{ status: "running" }]);
  });

  it("instruction run names what it does not know", async () => {
    const unknown = await cli.run(["instruction", "run", "Nonsense"]);
    expect(unknown.code).toBe(64);
    expect(unknown.stderr).toContain("there is no instruction Nonsense");
    const listener = await cli.run([
      "instruction",
      "run",
      "CheckRanchAcceptors",
      "--listener",
      "X",
    ]);
    expect(listener.code).toBe(64);
    expect(listener.stderr).toContain("It has: Shop.Endpoint.HTTP.");
  });

  it("an upgrade goes through with other settings, inside the relup too", async () => {
    for (const flags of [["--in-relup"], ["--acceptors", "refuse", "--suspend", "both"]]) {
      const up = await cli.run(["release", "upgrade", "0.2.0", "--yes", ...flags]);
      expect([up.code, up.stderr]).toEqual([
        0,
        expect.stringContaining("---> the upgrade is done"),
      ]);
      const down = await cli.run(["release", "downgrade", "0.1.0", "--yes", ...flags]);
      expect(down.code).toBe(0);
    }
    expect(await leftSuspended(node)).toEqual([]);
  });
});
