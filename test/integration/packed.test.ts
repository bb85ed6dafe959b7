/** The package as users get it: packed, installed by npm in a project of its own, type-checked and run there. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleFiles } from "../support/guide/example.ts";
import { Project, ROOT } from "../support/guide/project.ts";
import { provision, startErl } from "../support/index.ts";

const QUIET = ["--prefer-offline", "--no-audit", "--no-fund"];

/** Uses each entry point. */
const CONSUMER = `
import { type BeamNode, connect } from "beamctl";
import * as dist from "beamctl/dist";
import { encode } from "beamctl/etf";
import { plan } from "beamctl/instructions";
import { parse, type Term } from "beamctl/term";
import { type NodeFixture, openFixture, sandbox, term, useNode } from "beamctl/testing";
const hook = () => {};
const hooks = { beforeAll: hook, afterAll: hook, beforeEach: hook, afterEach: hook };
export const shop: NodeFixture = useNode({}, hooks);
export const bytes: Uint8Array = encode(parse("{:ok, 1}") satisfies Term);
export async function use(node: BeamNode): Promise<string> {
  await using fixture = await openFixture({ node: "a@b", cookie: "c" });
  await using box = await sandbox(fixture, { repos: ["Shop.Repo"] });
  // @ts-expect-error a sandbox has no such option
  await sandbox(node, { repos: [], unknown: true });
  return box.headers["user-agent"] + String(term\`{:ok, _}\`);
}
export { connect, dist, plan };
`;

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What `npm pack --json` tells. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let project: Project;
let packed: Packed;
let manifest: Manifest;

beforeAll(async () => {
  project = await Project.make({});
  // The build is there; building it again would disturb other tests.
  const args = ["pack", ROOT, "--json", "--ignore-scripts", ...QUIET];
  const pack = await project.run("npm", args);
  // An array or, of a newer npm, an object.
  [packed] = Object.values(JSON.parse(pack.stdout) as Record<string, Packed>) as [Packed];
  const install = await project.run("npm", ["install", ...QUIET, `./${packed.filename}`]);
  expect(install).toMatchObject({ code: 0 });
  const path = join(project.root, "node_modules/beamctl/package.json");
  manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
});
afterAll(() => project?.[Symbol.asyncDispose]());

it("holds what is needed to run it, and nothing else", async () => {
  const paths = packed.files.map(({ path }) => path);
  const other = paths.filter((path) => !/^lib\/.*\.(js|d\.ts|js\.map)$/.test(path));
  expect(other.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  expect(packed.size).toBeLessThan(2_000_000);
  const { output } = await project.run("npm", ["ls", "--all", "--parseable"]);
  expect(output).not.toMatch(/node_modules\/(typescript|vitest|fast-check|ws)$/m);
});

it("resolves each of its entry points, and no other", async () => {
  const names = Object.keys(manifest.exports).map((path) => join("beamctl", path));
  await project.write({
    "entries.mjs": `
      const found = {};
      for (const name of ${JSON.stringify(names.filter((name) => !name.endsWith(".json")))}) found[name] = Object.keys(await import(name)).length;
      found.hidden = await import("beamctl/lib/index.js").catch(({ code }) => code);
      console.log(JSON.stringify(found));`,
  });
  const { stdout } = await project.run(process.execPath, ["entries.mjs"]);
  const { hidden, ...found } = JSON.parse(stdout) as Record<string, unknown>;
  expect(hidden).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  expect(Object.keys(found)).toEqual(expect.arrayContaining(["beamctl", "beamctl/testing"]));
  for (const count of Object.values(found)) expect(count).toBeGreaterThan(3);
});

it("has the command", async () => {
  const bin = join(project.root, "node_modules/.bin/beamctl");
  const { output } = await project.run(bin, ["--version"]);
  expect(output).toBe(`${manifest.version}\n`);
});

it("has types for both ways to resolve modules, and for the example project", async () => {
  await project.link("@types/node", "@types/ws", "vitest", "ws");
  const phoenix = await readFile(join(ROOT, "test/support/shop/phoenix.d.ts"), "utf8");
  await project.write({
    ...(await exampleFiles()),
    "phoenix.d.ts": phoenix,
    "consumer.ts": CONSUMER,
  });
  const node = await project.typecheck("--project", ".", "--skipLibCheck", "false");
  expect(node.output).toBe("");
  const bundler = ["--module", "esnext", "--moduleResolution", "bundler"];
  const common = ["--noEmit", "--strict", "--types", "node", "--lib", "es2023,esnext.disposable"];
  const args = ["--ignoreConfig", ...common, "--target", "es2022", ...bundler, "consumer.ts"];
  expect((await project.typecheck(...args, "--skipLibCheck")).output).toBe("");
}, 120_000);

it("runs tests in plain JavaScript with node:test", async () => {
  await using erl = await startErl({ otp: await provision("otp25") });
  await project.write({
    "erl.test.mjs": `
      import assert from "node:assert/strict";
      import * as runner from "node:test";
      import { atom } from "beamctl/term";
      import { assertTerm, captureLogs, evaluate, expectNoCrash, process as probe, term, useNode, withAppEnv } from "beamctl/testing";
      const shop = useNode({}, runner); // what the environment names
      runner.test("sees the node", async () => {
        assertTerm(await shop.node.call("erlang", "node", []), atom(process.env.BEAMCTL_TEST_NODE));
        await probe(shop, "kernel_sup").state(term\`_\`);
      });
      runner.test("changes a setting", async () => {
        await withAppEnv(shop, "kernel", { greeting: "hello" });
        assert.deepEqual(await evaluate(shop, "application:get_env(kernel, greeting)", { as: "js" }), ["ok", "hello"]);
      });
      runner.test("finds it reverted, and hears what is logged", async () => {
        assert.equal(await evaluate(shop, "application:get_env(kernel, greeting)", { as: "js" }), undefined);
        const logs = await captureLogs(shop, {}, () => expectNoCrash(shop, () => evaluate(shop, 'logger:error("sold out")')));
        assert.deepEqual(logs.map(({ text }) => text), ["sold out"]);
      });`,
  });
  const { output, code } = await project.run(
    process.execPath,
    ["--test", "--test-reporter=tap", "erl.test.mjs"],
    {
      BEAMCTL_TEST_NODE: erl.name,
      BEAMCTL_TEST_COOKIE: erl.cookie,
      BEAMCTL_TEST_COOKIE_FILE: undefined,
      BEAMCTL_TEST_ADDRESS: `127.0.0.1:${erl.port}`,
    },
  );
  expect(output).toMatch(/^# pass 3$/m);
  expect(code).toBe(0);
});
