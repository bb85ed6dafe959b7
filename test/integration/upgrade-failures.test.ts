/** Upgrades that are struck in the middle: what the error names, the exit code, the node afterwards, and what `recover` tells. */

import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import { Guardian, guardStatus } from "../../src/guard/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended, unpackRelease, whichReleases } from "../../src/otp/index.ts";
import { type Instruction, partsOf, readRelupFile, writeRelup } from "../../src/relup/index.ts";
import { atom, type Pid, parse, type Term } from "../../src/term/index.ts";
import { channels, listeners } from "../../src/topology/index.ts";
import { Cli } from "../support/cli/run.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { hasRabbit, type OtpSet, provision } from "../support/index.ts";
import { type ShopNode, type ShopOptions, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-failures-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

/** A shop with some clients, a link to it, and a command line for it; `port` is where the command line dials. */
async function open(set: OtpSet, options: Partial<ShopOptions> & { stalls?: boolean } = {}) {
  const { stalls = false, ...rest } = options;
  const shop = await startShop({ otp: await provision(set), ...rest });
  const proxy = stalls ? await FaultProxy.start(shop.distPort) : undefined;
  const node = await link(shop);
  const { name, cookie } = shop;
  const cli = await Cli.for({ name, cookie, port: proxy?.port ?? shop.distPort });
  return {
    shop,
    node,
    cli,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy?.[Symbol.asyncDispose]();
      await node.close();
      await shop[Symbol.asyncDispose]();
      await cli[Symbol.asyncDispose]();
    },
  };
}

const link = (shop: ShopNode): Promise<BeamNode> =>
  connect(shop.name, {
    cookie: shop.cookie,
    address: { host: "127.0.0.1", port: shop.distPort },
  });

/** Runs a command and does `then` when it has written `when`. */
async function struck(cli: Cli, args: string[], when: string, then: () => unknown) {
  const child = cli.spawn(args);
  let stderr = "";
  let done: unknown;
  child.stderr?.on("data", (data: Buffer) => {
    stderr += data.toString();
    if (done === undefined && stderr.includes(when)) done = then() ?? true;
  });
  const [stdout, code] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    new Promise((resolve) => child.on("exit", resolve)),
  ]);
  await done;
  return { code, stderr, stdout };
}

/** Everything runs, and a restart boots this version. */
async function expectWhole(node: BeamNode, permanent: string, runs = permanent) {
  expect(await leftSuspended(node)).toEqual([]);
  expect(await listeners(node)).toMatchObject([{ status: "running" }]);
  const releases = await whichReleases(node);
  expect(releases.find(({ status }) => status === "permanent")?.version).toBe(permanent);
  if (runs !== permanent) {
    expect(releases.find(({ status }) => status === "current")?.version).toBe(runs);
  }
}

/** Resolves when a request runs that keeps the drain busy. */
async function slow(shop: ShopNode, milliseconds = 8_000): Promise<void> {
  const path = `/slow?ms=${milliseconds}`;
  const request = get({ host: "127.0.0.1", port: shop.httpPort, path, agent: false });
  request.on("response", (response) => response.resume()).on("error", () => undefined);
  await new Promise((resolve) => request.on("finish", resolve));
}

const UP = ["release", "upgrade", "0.2.0", "--yes"];
const DRAINING = [...UP, "--drain", "20s"];

// Each waits most of its time for a node.
describe.runIf(HAVE).concurrent("an upgrade of which", { timeout: 240_000 }, () => {
  it.each(["otp25", "otp29"] as const)(
    "the code_change raises on %s ends with 2, and the node is back in the permanent version",
    async (set) => {
      await using given = await open(set, { packages: ["0.4.0"] });
      const { shop, cli } = given;
      const done = await cli.run(["release", "upgrade", "0.4.0", "--yes"]);
      expect([done.code, done.stderr]).toEqual([
        2,
        expect.stringContaining("the node is restarting"),
      ]);
      expect(done.stderr).toContain("try: It boots its permanent release");
      await shop.waitFor(/listens on port[\s\S]*listens on port/);
      const recovered = await cli.run(["recover"]);
      expect([recovered.code, recovered.stdout]).toEqual([
        0,
        expect.stringContaining("nothing is left suspended or held"),
      ]);
      await using again = await link(shop);
      await expectWhole(again, "0.1.0");
    },
  );

  it("the code_change hangs ends with 2: the release handler gives up after five seconds, and the node restarts", async () => {
    await using given = await open("otp29", { packages: ["0.5.0"] });
    const { shop, cli } = given;
    const done = await cli.run(["release", "upgrade", "0.5.0", "--yes"]);
    expect([done.code, done.stderr]).toEqual([
      2,
      expect.stringContaining("the node is restarting"),
    ]);
    await shop.waitFor(/listens on port[\s\S]*listens on port/);
    expect((await cli.run(["recover"])).code).toBe(0);
    await using again = await link(shop);
    await expectWhole(again, "0.1.0");
  });

  it.each(["otp25", "otp27"] as const)(
    "the install outlasts our wait on %s ends with 4, stays held until it ends, and recover waits for that",
    async (set) => {
      await using given = await open(set);
      const { shop, node, cli } = given;
      const clients = await Clients.connect(shop.httpPort, 5);
      try {
        const gate = await gated(node);
        const done = await cli.run([...UP, "--install-timeout", "1s"]);
        expect([done.code, done.stderr]).toEqual([
          4,
          expect.stringContaining("still runs after 1000 ms"),
        ]);
        expect(done.stderr).toContain("what was held stays held until it ends");
        expect(done.stderr).toMatch(/try: Do not install again.*beamctl recover/);
        expect(await gate.reached()).toBe(true);
        expect((await leftSuspended(node)).length).toBeGreaterThanOrEqual(5);
        await until(async () =>
          expect(await guardStatus(node)).toMatchObject({ phase: "install", waiting: true }),
        );
        const waits = "an install still runs on the node";
        const recovered = await struck(cli, ["recover"], waits, () => gate.open());
        expect(recovered.stderr).toContain(waits);
        expect(recovered.stdout).toMatch(
          /the node undid it by itself, since beamctl was gone: \d\d processes, 0 acceptors/,
        );
        expect(recovered.stderr).toContain("0.2.0 runs, and 0.1.0 is permanent");
        expect(recovered.code).toBe(0);
        await expectWhole(node, "0.1.0", "0.2.0");
        const back = await cli.run(["release", "rollback", "-yq"]);
        expect([back.code, back.stderr]).toEqual([0, ""]);
        await expectWhole(node, "0.1.0");
        expect(clients.figures().open).toBe(5);
      } finally {
        clients.close();
      }
    },
  );

  it("the node is killed and started again while all is held ends with 2, and recover says so", async () => {
    await using given = await open("otp27", { ends: "again" });
    const { shop, cli, node } = given;
    await slow(shop);
    const done = await struck(cli, DRAINING, "drain start", () => shop.kill());
    expect([done.code, done.stderr]).toEqual([
      2,
      expect.stringContaining("nobody can tell its state"),
    ]);
    await shop.waitFor(/listens on port[\s\S]*listens on port/);
    const recovered = await cli.run(["recover"]);
    expect([recovered.code, recovered.stdout]).toEqual([
      0,
      expect.stringContaining("the node was restarted since, so nothing of it is held"),
    ]);
    await using again = await link(shop);
    expect(again.creation).not.toBe(node.creation);
    expect(again.creation).toBeGreaterThan(0);
    await expectWhole(again, "0.1.0");
  });

  it("the version is not permanent is left by heart for the one that is", async () => {
    await using given = await open("otp25", { ends: "heart" });
    const { shop, cli } = given;
    const done = await cli.run([...UP, "-q", "--no-permanent"]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    const before = await cli.run(["release", "ls", "--json"]);
    expect(statuses(before.stdout)).toMatchObject({ "0.1.0": "permanent", "0.2.0": "current" });
    shop.kill();
    const again = await until(() => link(shop));
    await until(() => expectWhole(again, "0.1.0"));
    await again.close();
    const after = await cli.run(["release", "ls", "--json"]);
    expect(statuses(after.stdout)).toMatchObject({ "0.1.0": "permanent" });
    expect(after.stdout).not.toContain("current");
    const back = await cli.run(["release", "rollback", "--yes"]);
    expect([back.code, back.stderr]).toEqual([3, expect.stringContaining("nothing to roll back")]);
    expect((await cli.run(["recover"])).code).toBe(0);
  });

  it("the link falls silent for longer than the lease ends with 2, the node has undone it by itself", async () => {
    await using given = await open("otp27", { stalls: true });
    const { shop, cli, node, proxy } = given;
    await slow(shop, 30_000);
    const done = await struck(cli, DRAINING, "drain start", () => proxy?.stall());
    expect([done.code, done.stderr]).toEqual([
      2,
      expect.stringContaining("nobody can tell its state"),
    ]);
    await expectWhole(node, "0.1.0"); // long since: the lease is five seconds
    const recovered = await cli.run(["recover"]); // a new connection passes
    expect([recovered.code, recovered.stdout]).toEqual([
      0,
      expect.stringMatching(
        /the node undid it by itself, since beamctl was .*: 10 processes, 0 acceptors/,
      ),
    ]);
  });

  it("another controller has the node ends with 3, and names who, where and since when", async () => {
    await using given = await open("otp25");
    const { cli, node } = given;
    await using _other = await Guardian.arm(node, {
      stateDirectory: state,
      purpose: "something else",
    });
    const done = await cli.run(UP);
    const machine = await cli.run([...UP, "--json"]);
    expect(JSON.parse(machine.stdout)).toMatchObject({
      result: "failed",
      failure: { outcome: "unchanged" },
    });
    expect(done.code).toBe(3);
    expect(done.stderr).toMatch(
      /guarded by \S+ \(process \d+\) on \S+ since \d+ s: something else/,
    );
    await expectWhole(node, "0.1.0");
  });

  it("the guardian is killed in the suspend ends with 3, and a channel that was too busy to be suspended is not suspended later", async () => {
    await using given = await open("otp27");
    const { shop, cli, node } = given;
    const clients = await Clients.connect(shop.httpPort, 5);
    try {
      await slow(shop);
      const found = await channels(node);
      const busy = typeof found === "string" ? undefined : found[0];
      const done = await struck(cli, DRAINING, "guard start", async () => {
        await erlang(node, HOLD_UP, { Channel: busy?.pid as Pid });
        await until(async () => expect((await leftSuspended(node)).length).toBeGreaterThan(0));
        await killGuard(node);
      });
      expect([done.code, done.stderr]).toEqual([
        3,
        expect.stringContaining("the guardian on the node was killed"),
      ]);
      expect(done.stderr).toContain("the node is unchanged");
      node.send("busy", atom("go"));
      await erlang(node, "sys:get_state(Channel)", { Channel: busy?.pid as Pid });
      await expectWhole(node, "0.1.0");
    } finally {
      clients.close();
    }
  });

  it("the guardian is killed in the drain ends with 3 and the node as it was", async () => {
    await using given = await open("otp29");
    const { shop, cli, node } = given;
    const clients = await Clients.connect(shop.httpPort, 5);
    try {
      await slow(shop);
      const done = await struck(cli, DRAINING, "drain start", () => killGuard(node));
      expect([done.code, done.stderr]).toEqual([
        3,
        expect.stringContaining("the guardian on the node was killed"),
      ]);
      expect(done.stderr).toContain("the node is unchanged");
      await expectWhole(node, "0.1.0");
      expect((await cli.run(["recover"])).code).toBe(0);
      expect((await cli.run([...UP, "-q"])).code).toBe(0);
      await expectWhole(node, "0.2.0");
    } finally {
      clients.close();
    }
  });

  it("the guardian is killed in the install ends with 2, all runs again, and the version is not permanent", async () => {
    await using given = await open("otp25");
    const { shop, cli, node } = given;
    const clients = await Clients.connect(shop.httpPort, 5);
    try {
      const gate = await gated(node);
      const done = await struck(cli, UP, "install start", async () => {
        await until(async () => expect(await gate.reached()).toBe(true));
        await killGuard(node);
        await gate.open();
      });
      expect([done.code, done.stderr]).toEqual([2, expect.stringContaining("the node is changed")]);
      expect(done.stderr).toContain("the guardian on the node was killed");
      await expectWhole(node, "0.1.0", "0.2.0");
    } finally {
      clients.close();
    }
  });

  it("the install is interrupted once runs to the end of the install, is resumed and not made permanent", async () => {
    await using given = await open("otp25");
    const { cli, node } = given;
    const gate = await gated(node);
    const child = cli.spawn(UP);
    let stderr = "";
    const wait = async (text: string) => until(async () => expect(stderr).toContain(text));
    child.stderr?.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    const exited = new Promise((resolve) => child.on("exit", resolve));
    await until(async () => expect(await gate.reached()).toBe(true));
    child.kill("SIGINT");
    await wait("an install cannot be stopped half way");
    await gate.open();
    expect([await exited, stderr]).toEqual([
      2,
      expect.stringContaining("beamctl release rollback"),
    ]);
    await expectWhole(node, "0.1.0", "0.2.0");
  });

  it("the drain is interrupted twice is left at once, with the command that tells what came of it", async () => {
    await using given = await open("otp27");
    const { shop, cli, node } = given;
    await slow(shop);
    const child = cli.spawn(DRAINING);
    let stderr = "";
    child.stderr?.on("data", (data: Buffer) => {
      const [before, asked] = [stderr.includes("drain start"), stderr.includes("once more")];
      stderr += data.toString();
      if (!before && stderr.includes("drain start")) {
        child.kill("SIGINT");
      } else if (!asked && stderr.includes("once more")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(code).toBe(130);
    expect(stderr).toContain(
      `beamctl -n ${shop.name} --address 127.0.0.1:${shop.distPort} recover`,
    );
    await until(() => expectWhole(node, "0.1.0"));
    expect((await cli.run(["recover"])).code).toBe(0);
    await expectWhole(node, "0.1.0");
  });
});

/** Has the relup to 0.2.0 wait between the load and the change of states, until it is let go. */
async function gated(node: BeamNode) {
  await unpackRelease(node, "shop-0.2.0");
  const { relup } = await readRelupFile(node, "0.2.0");
  const call = parse("{apply, {gen_server, call, [gate, step, infinity]}}", { syntax: "erlang" });
  const up = relup.up.map((entry) => {
    const at = entry.instructions.findIndex((one) => partsOf(one).tag === "code_change");
    const instructions = entry.instructions.toSpliced(at, 0, call as Instruction);
    return { ...entry, instructions };
  });
  await writeRelup(node, "0.2.0", { ...relup, up });
  await erlang(
    node,
    `Self = self(), spawn(fun() -> register(gate, self()), Self ! ready,
    receive {'$gen_call', From, step} -> put(reached, true), receive go -> gen_server:reply(From, ok) end end end),
    receive ready -> ok end`,
  );
  return {
    reached: async () =>
      (await erlang(
        node,
        "case whereis(gate) of undefined -> false; P -> {_, D} = process_info(P, dictionary), lists:member({reached, true}, D) end",
      )) === atom("true"),
    open: async () => node.send("gate", atom("go")),
  };
}

const erlang = (node: BeamNode, source: string, bindings: Readonly<Record<string, Term>> = {}) =>
  evaluate(node, source, { language: "erlang", bindings });

/** Has a channel stand in a callback until `busy` is told to let it go. */
const HOLD_UP = `Self = self(), Wait = fun(State) -> register(busy, self()), Self ! ready, receive go -> State end end,
spawn(fun() -> sys:replace_state(Channel, Wait, infinity) end), receive ready -> ok end`;

async function killGuard(node: BeamNode): Promise<void> {
  const guard = await node.call("erlang", "whereis", [atom("beamctl_guard")]);
  await node.call("erlang", "exit", [guard, atom("kill")]);
}

const statuses = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(stdout) as { version: string; status: string }[]).map((one) => [
      one.version,
      one.status,
    ]),
  );

/** Tries again until it works: the test's own timeout is the limit. */
async function until<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
