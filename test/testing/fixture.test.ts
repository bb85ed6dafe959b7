/** Fixtures on a real node: where it is found, what is cleaned and when, what is said when it is used wrongly. */

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vitest from "vitest";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { UsageError } from "../../src/errors.ts";
import type { BeamNode } from "../../src/node/index.ts";
import {
  CleanUpError,
  FixtureError,
  type NodeFixture,
  type OpenFixture,
  openFixture,
  type Target,
  useNode,
} from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

let erl: BeamProcess;
const given = () => ({
  node: erl.name,
  cookie: erl.cookie,
  address: { host: "127.0.0.1", port: erl.port },
});
const thing = (log: string[], name: string, error?: Error): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    log.push(name);
    if (error !== undefined) throw error;
  },
});

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27") });
});
afterAll(() => erl?.[Symbol.asyncDispose]());

describe("openFixture", () => {
  it("connects, disposes of the last first and closes", async () => {
    const log: string[] = [];
    let node: BeamNode;
    {
      await using fixture = await openFixture(given());
      ({ node } = fixture);
      expect(node.name).toBe(erl.name);
      fixture.own(thing(log, "first"));
      const second = thing(log, "second");
      expect(fixture.own(second)).toBe(second);
    }
    expect(log).toEqual(["second", "first"]);
    await expect(node.closed).resolves.toBeUndefined();
  });

  it("disposes of all, and tells of each that failed", async () => {
    const fixture = await openFixture(given());
    const log: string[] = [];
    fixture.own(thing(log, "first", new Error("no way")));
    fixture.own(thing(log, "second"));
    fixture.own(thing(log, "third", new Error("stuck")));
    const failed = await fixture.clean().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CleanUpError);
    expect((failed as CleanUpError).message).toBe(
      "2 things of the test could not be given back:\n- stuck\n- no way",
    );
    expect((failed as CleanUpError).causes).toHaveLength(2);
    expect(log).toEqual(["third", "second", "first"]);
    await fixture[Symbol.asyncDispose]();
  });

  it("closes the connection also when something could not be given back", async () => {
    const fixture = await openFixture(given());
    fixture.own(thing([], "bad", new Error("stuck")));
    await expect(fixture[Symbol.asyncDispose]()).rejects.toThrow(CleanUpError);
    await expect(fixture.node.closed).resolves.toBeUndefined();
  });

  it("disposes at once of what comes after its end", async () => {
    const fixture = await openFixture(given());
    await fixture[Symbol.asyncDispose]();
    const log: string[] = [];
    expect(() => fixture.own(thing(log, "late"))).toThrow("the fixture is closed");
    expect(log).toEqual(["late"]);
  });

  it("finds the node in the environment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "beamctl-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "cookie");
    await writeFile(file, `${erl.cookie}\n`);
    await chmod(file, 0o400);
    vitest.vi.stubEnv("BEAMCTL_TEST_NODE", erl.name);
    vitest.vi.stubEnv("BEAMCTL_TEST_ADDRESS", `127.0.0.1:${erl.port}`);
    onTestFinished(() => void vitest.vi.unstubAllEnvs());
    await expect(openFixture()).rejects.toThrow("no cookie is given for the node to test against");
    vitest.vi.stubEnv("BEAMCTL_TEST_COOKIE", erl.cookie);
    await (await openFixture())[Symbol.asyncDispose]();
    vitest.vi.stubEnv("BEAMCTL_TEST_COOKIE", "wrong");
    vitest.vi.stubEnv("BEAMCTL_TEST_COOKIE_FILE", file);
    await (await openFixture())[Symbol.asyncDispose]();
    await expect(openFixture({ cookieFile: join(folder, "none") })).rejects.toThrow(
      /the cookie file .*none cannot be read/,
    );
  });

  it("says that no node is named", async () => {
    vitest.vi.stubEnv("BEAMCTL_TEST_NODE", "");
    onTestFinished(() => void vitest.vi.unstubAllEnvs());
    await expect(openFixture()).rejects.toThrow(UsageError);
    await expect(openFixture()).rejects.toThrow("no node is named to test against");
  });

  it("ends the node that it started, also when it cannot connect", async () => {
    const log: string[] = [];
    const start = (cookie: string) => () => ({
      name: erl.name,
      cookie,
      address: `127.0.0.1:${erl.port}`,
      ...thing(log, "ended"),
    });
    await (await openFixture(start(erl.cookie)))[Symbol.asyncDispose]();
    expect(log).toEqual(["ended"]);
    await expect(openFixture(start("wrong"))).rejects.toThrow();
    expect(log).toEqual(["ended", "ended"]);
  });
});

describe("useNode", () => {
  const log: string[] = [];
  const early = useNode(() => ({ ...given(), name: erl.name }), vitest);

  it("is connected in a test", () => {
    expect(early.node.name).toBe(erl.name);
    early.own(thing(log, "first"));
    early.own(thing(log, "second"));
    expect(log).toEqual([]);
  });

  it("has cleaned after the test before", () => {
    expect(log).toEqual(["second", "first"]);
  });

  describe("with tests that run at the same time", () => {
    const held: string[] = [];
    let started = false;
    let ended = false;

    it.concurrent("keeps what the first held", async ({ onTestFinished: finished }) => {
      early.own(thing(held, "first"));
      await expect.poll(() => started).toBe(true);
      finished(() => {
        ended = true; // its afterEach hooks have run
      });
    });

    it.concurrent("while the second runs", async () => {
      started = true;
      await expect.poll(() => ended).toBe(true);
      expect(held).toEqual([]);
    });

    it("and gives it back when both are over", () => {
      expect(held).toEqual(["first"]);
    });
  });

  it("says that it is too early", () => {
    const hooks = { beforeAll: noHook, afterAll: noHook, beforeEach: noHook, afterEach: noHook };
    const fixture = useNode({}, hooks);
    expect(() => fixture.node).toThrow(FixtureError);
    expect(() => fixture.node).toThrow("the node of the fixture is not connected yet");
  });

  it("says that it is too late", async () => {
    const work: (() => Promise<void>)[] = [];
    const hook = (one: () => Promise<void>) => void work.push(one);
    const hooks = { before: hook, after: hook, beforeEach: hook, afterEach: hook };
    const fixture = useNode(given(), hooks);
    for (const one of work) await one();
    expect(() => fixture.node).toThrow("the node of the fixture is closed");
  });

  it("ends what comes when the runner has given its hook up", async () => {
    const work: (() => Promise<void>)[] = [];
    const hook = (one: () => Promise<void>) => void work.push(one);
    let ended = false;
    const started = async () => ({
      ...given(),
      name: erl.name,
      [Symbol.asyncDispose]: async () => {
        ended = true;
      },
    });
    useNode(started, { before: hook, after: hook, beforeEach: hook, afterEach: hook });
    const late = work.at(0)?.();
    await work.at(-1)?.();
    await late;
    expect(ended).toBe(true);
  });

  it("gives the hooks more time than a node has to start, or what is wanted", () => {
    const times: number[] = [];
    const hook = (_: unknown, timeout: number) => void times.push(timeout);
    const hooks = { beforeAll: hook, afterAll: hook, beforeEach: hook, afterEach: hook };
    useNode({}, hooks);
    useNode({}, hooks, { timeout: 300_000 });
    expect(times).toEqual([...Array(4).fill(120_000), ...Array(4).fill(300_000)]);
  });

  it("says that there are no hooks", () => {
    expect(() => useNode({})).toThrow(FixtureError);
    expect(() => useNode({})).toThrow("no hooks of a test runner are there");
  });
});

const noHook = () => {};

it("has types", () => {
  expectTypeOf(useNode).returns.toEqualTypeOf<NodeFixture>();
  expectTypeOf<OpenFixture>().toExtend<Target>();
  expectTypeOf<typeof vitest>().toExtend<NonNullable<Parameters<typeof useNode>[1]>>();
  expectTypeOf<typeof import("node:test")>().toExtend<NonNullable<Parameters<typeof useNode>[1]>>();
  const own = {} as NodeFixture["own"];
  expectTypeOf(own<OpenFixture>).returns.toEqualTypeOf<OpenFixture>();
});
