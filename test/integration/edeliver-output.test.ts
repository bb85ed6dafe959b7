/** What edeliver's way of printing in an upgrade script comes to here: from real nodes, and in an upgrade of the shop. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openEdeliverOutput } from "../../src/cli/edeliver-output.ts";
import { UsageError } from "../../src/errors.ts";
import { type BeamNode, connect, type LocalNode, startNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import {
  append,
  type Instruction,
  insertBeforePointOfNoReturn,
  instructionsOf,
  readRelupFile,
  withInstructions,
  writeRelup,
} from "../../src/relup/index.ts";
import { atom, charlist, inspect, tuple } from "../../src/term/index.ts";
import {
  receiveUpgradeScript,
  type UpgradeEvent,
  type UpgradeOptions,
  upgrade,
} from "../../src/upgrade/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit, type Otp, provision, startEpmd, startErl } from "../support/index.ts";
import { startShop } from "../support/shop/start.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};

interface Real {
  readonly name: string;
  readonly cookie: string;
  readonly port: number;
}

const addressOf = ({ port }: Real) => ({ host: "127.0.0.1", port });

/** A node of ours that is connected to the real one. */
async function ours(name: string, real: Real, visible: boolean): Promise<LocalNode> {
  const local = keep(await startNode(name, { cookie: real.cookie, visible, listen: false }));
  await local.connect(real.name, { address: addressOf(real) });
  return local;
}

/** A real node, and what evaluates on it over a hidden link. */
async function real(otp: Otp) {
  const erl = keep(await startErl({ otp }));
  const link = keep(await connect(erl.name, { cookie: erl.cookie, address: addressOf(erl) }));
  const ask = async (text: string) =>
    inspect(await evaluate(link, text, { language: "erlang", timeout: 15_000 }), {
      syntax: "erlang",
    });
  return { erl, ask };
}

/** Prints to the nodes that edeliver's instructions print to, and tells to how many. */
const printing = (format: string, args: string) =>
  `length([rpc:cast(N, io, format, [user, ${format}, ${args}]) || N <- nodes(), re:run(atom_to_list(N), "upgrader_[0-9]+") =/= nomatch])`;

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("a node of %s", (set) => {
  it("prints to us when we are visible and named as it looks for", async () => {
    const { erl, ask } = await real(await provision(set));
    const local = await ours("shop_upgrader_4711@localhost", erl, true);
    await ours("shop_upgrader_1@localhost", erl, false);
    const texts: string[] = [];
    const script = receiveUpgradeScript(local, erl.name, (text) => texts.push(text));
    const taken = async () => {
      await script.settled();
      return texts.splice(0);
    };

    expect(await ask(printing('"~s~s~n"', '["---> ! ", "nothing runs"]'))).toBe("1");
    expect(await taken()).toEqual(["---> ! nothing runs\n"]);
    // As nodes cast before OTP 23.
    await ask(
      `gen_server:cast({rex, '${local.name}'}, {cast, io, format, [user, "~p~n", [old]], group_leader()})`,
    );
    expect(await taken()).toEqual(["old\n"]);
    await ask(`[${printing('"~b~n"', "[I]")} || I <- lists:seq(1, 500)]`);
    expect(await taken()).toEqual(Array.from({ length: 500 }, (_, index) => `${index + 1}\n`));

    // What its own `user` would not print.
    await ask(printing('"~s~s~n"', '["---> ", [16#2713, 32, $o, $k]]'));
    await ask(printing('"~p ~p~n"', "[one]"));
    await ask(printing("{no, format}", "none"));
    await ask(printing('"~w~n"', "none"));
    await ask(printing('"~*c~n"', "[100000, $x]"));
    expect(await taken()).toEqual([
      "---> ✓ ok\n",
      '["~p ~p~n",[one]]\n',
      "[{no,format},none]\n",
      "none\n",
      `${"x".repeat(16_384)}…\n`,
    ]);
    script[Symbol.dispose]();
    await ask(printing('"~p~n"', "[late]"));
    expect(await taken()).toEqual([]);
  });

  it("is refused everything else", async () => {
    const { erl, ask } = await real(await provision(set));
    const local = await ours("shop_upgrader_1@localhost", erl, true);
    const texts: string[] = [];
    using script = receiveUpgradeScript(local, erl.name, (text) => texts.push(text));
    const called = (module: string, fun: string, args: string) =>
      ask(`rpc:call('${local.name}', ${module}, ${fun}, ${args})`);
    expect(await called("io", "format", '[user, "~p~n", [said]]')).toBe("ok");
    for (const [module, fun, args] of [
      ["os", "cmd", '["id"]'],
      ["io", "format", '["~p~n", [x]]'],
      ["io", "format", '["text"]'],
      ["io", "format", '[standard_error, "~p~n", [x]]'],
      ["io", "format", '[self(), "~p~n", [x]]'],
      ["io", "put_chars", '[user, "text"]'],
      ["io", "fwrite", '[user, "text", []]'],
      ["init", "stop", "[]"],
    ] as const) {
      expect(await called(module, fun, args)).toMatch(/^\{badrpc,/);
    }
    await script.settled();
    expect(texts).toEqual(["said\n"]);
  });

  it("cannot flood us", async () => {
    const { erl, ask } = await real(await provision(set));
    const local = await ours("shop_upgrader_1@localhost", erl, true);
    const texts: string[] = [];
    using script = receiveUpgradeScript(local, erl.name, (text) => texts.push(text));
    await ask(`[${printing('"~b~n"', "[I]")} || I <- lists:seq(1, 12000)], ok`);
    await script.settled();
    expect(texts.length).toBeLessThanOrEqual(10_001);
    expect(texts.at(-1)).toBe("---> ! it prints too much: the rest is not shown\n");
    expect(texts[9_999]).toBe("10000\n");
    expect(await ask("1 + 1")).toBe("2");
  });

  it("that starts tells a hidden node of maintenance", async () => {
    const { erl, ask } = await real(await provision(set));
    const local = await ours("shop_maint_7@localhost", erl, false);
    const texts: string[] = [];
    using script = receiveUpgradeScript(local, erl.name, (text) => texts.push(text));
    await ask(
      `[rpc:cast(N, io, format, [user, "Started application '~w'.~n", [shop]]) || N <- nodes(hidden), re:run(atom_to_list(N), "_maint_[0-9]+") =/= nomatch]`,
    );
    await script.settled();
    expect(texts).toEqual(["Started application 'shop'.\n"]);
  });
});

it("a node of ours that edeliver would not find is refused", async () => {
  const { erl } = await real(await provision("otp25"));
  const receive = (local: LocalNode, node = erl.name) => receiveUpgradeScript(local, node, vi.fn());
  const local = [
    await ours("shop_upgrader_1@localhost", erl, false),
    await ours("shop@localhost", erl, true),
    await ours("shop_upgrader_@localhost", erl, true),
  ];
  for (const one of local) expect(() => receive(one)).toThrow(UsageError);
  const good = await ours("shop_upgrader_2@localhost", erl, true);
  expect(() => receive(good, "other@localhost")).toThrow(/is not connected to other@localhost/);
  const script = receive(good);
  expect(() => receive(good)).toThrow(/taken already/);
  script[Symbol.dispose]();
  receive(good)[Symbol.dispose]();
});

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("a cluster of two of %s", (set) => {
  it("has the command's node for its output, and goes on without it", async () => {
    const otp = await provision(set);
    const epmd = keep(await startEpmd(otp));
    const first = keep(await startErl({ otp, epmd }));
    const second = keep(await startErl({ otp, epmd, cookie: first.cookie }));
    const { name: node, cookie } = first;
    const link = keep(await connect(node, { cookie, address: addressOf(first) }));
    const ask = async (text: string) =>
      inspect(await evaluate(link, text, { language: "erlang", timeout: 15_000 }));
    expect(await ask(`net_adm:ping('${second.name}')`)).toBe(":pong");
    const signal = AbortSignal.timeout(60_000);
    const own = { cookie, address: undefined, cookieSource: "", tls: undefined, timeout: 5_000 };
    const flags = { timeout: "5s", output: "auto", headers: true, color: "never" } as const;
    const globals = { ...flags, epmd: `127.0.0.1:${epmd.port}` };
    const given = { globals, target: { node, ...own }, node: link, signal };
    const one = keep(await openEdeliverOutput(given));
    expect(one.name).toBe("beamctl_upgrader_1@localhost");
    expect(one.port).toBeGreaterThan(0);
    expect(await ask("lists:member('beamctl_upgrader_1@localhost', nodes())")).toBe("true");
    const two = keep(await openEdeliverOutput(given));
    expect(two.name).toBe("beamctl_upgrader_2@localhost");
    await Promise.all([one.close(), two.close()]);
    await expect.poll(() => ask("nodes()")).toBe(`[:${second.name}]`);
    expect(await ask("global:sync()")).toBe(":ok");
  });
});

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it

const apply = (module: string, line: string): Instruction =>
  tuple(atom("apply"), tuple(atom(module), atom("run"), [charlist(line)]));
const say = (line: string) => apply("Elixir.Shop.Relup.Say", line);

/** A shop whose relup of 0.2.0, both ways, has these instructions too. */
async function shopWith(otp: Otp, before: Instruction, after: Instruction) {
  const state = await mkdtemp(join(tmpdir(), "beamctl-edeliver-"));
  keep({ [Symbol.asyncDispose]: () => rm(state, { recursive: true, force: true }) });
  const shop = keep(await startShop({ otp }));
  const here = { ...shop, port: shop.distPort };
  const node = keep(await connect(shop.name, { cookie: shop.cookie, address: addressOf(here) }));
  await upgrade(node, "0.2.0", { dryRun: true }); // unpacks it
  const { relup } = await readRelupFile(node, "0.2.0");
  const both = instructionsOf(relup, "0.1.0");
  const changed = append(insertBeforePointOfNoReturn(both, before), after);
  await writeRelup(node, "0.2.0", withInstructions(relup, changed));
  return { shop: here, node, options: { stateDirectory: state, drainTimeout: 0 } };
}

async function eventsOf(node: BeamNode, version: string, options: UpgradeOptions) {
  const events: UpgradeEvent[] = [];
  const operation = upgrade(node, version, options);
  const error = await (async () => {
    for await (const event of operation) events.push(event);
  })().catch((caught: unknown) => caught);
  return { events, error };
}

/** Starts and ends of stages, and what was printed, in order. */
const outline = (events: readonly UpgradeEvent[]) =>
  events.flatMap((event) => {
    if (event.type === "print") return [`${event.stage}: ${event.text.trim()}`];
    return event.type === "stage" ? [`${event.stage} ${event.state}`] : [];
  });

describe.runIf(HAVE)("an upgrade whose relup prints", () => {
  it.each(["otp25", "otp27", "otp29"] as const)(
    "shows its lines where they belong, both ways, on %s",
    async (set) => {
      const otp = await provision(set);
      const { shop, node, options } = await shopWith(otp, say("ready"), say("done"));
      const local = await ours("shop_upgrader_1@localhost", shop, true);
      for (const version of ["0.2.0", "0.1.0"]) {
        const given = { ...options, edeliverOutput: local };
        const { events, error } = await eventsOf(node, version, given);
        expect(error).toBeUndefined();
        const seen = outline(events);
        const [check, install] = ["check", "install"].map((stage) =>
          seen.slice(seen.indexOf(`${stage} start`), seen.indexOf(`${stage} done`) + 1),
        );
        // The release handler's check runs what is before the point of no return when the version that is gone to has a relup itself.
        const checked = version === "0.2.0" ? ["check: ---> ready"] : [];
        expect(check).toEqual(["check start", ...checked, "check done"]);
        expect(install).toEqual([
          "install start",
          "install: ---> ready",
          "install: ---> done",
          "install done",
        ]);
        expect(events.filter(({ type }) => type === "print")).toHaveLength(2 + checked.length);
      }
    },
  );

  it("over the link that does the work too", async () => {
    const otp = await provision("otp27");
    const { shop, options } = await shopWith(otp, say("ready"), say("done"));
    const local = await ours("shop_upgrader_1@localhost", shop, true);
    const node = await local.connect(shop.name);
    const given = { ...options, edeliverOutput: local };
    const { events, error } = await eventsOf(node, "0.2.0", given);
    expect(error).toBeUndefined();
    expect(outline(events).filter((line) => line.includes("--->"))).toEqual([
      "check: ---> ready",
      "install: ---> ready",
      "install: ---> done",
    ]);
  });

  it("with a name that edeliver does not look for is refused", async () => {
    const otp = await provision("otp27");
    const { shop, node, options } = await shopWith(otp, say("ready"), say("done"));
    const local = await ours("shop@localhost", shop, true);
    const { error } = await eventsOf(node, "0.2.0", { ...options, edeliverOutput: local });
    expect(error).toBeInstanceOf(UsageError);
  });

  it("says so when nobody sees what edeliver's own instructions print", async () => {
    const otp = await provision("otp27");
    const info = apply("Elixir.Edeliver.Relup.Instructions.Info", "hello");
    const { shop, node, options } = await shopWith(otp, info, info);
    const noted = async (given: UpgradeOptions) =>
      (await eventsOf(node, "0.2.0", { ...options, ...given })).events.flatMap((event) =>
        event.type === "log" && event.text.includes("edeliver's Info") ? [event.stage] : [],
      );
    expect(await noted({})).toEqual(["unpack"]);
    const local = await ours("shop_upgrader_1@localhost", shop, true);
    expect(await noted({ edeliverOutput: local })).toEqual([]);
  });

  it("prints in the command's output, which it cannot steer", async () => {
    const otp = await provision("otp27");
    const { shop } = await shopWith(otp, say("ready"), say("done \u001b[31mred\rhidden"));
    await using cli = await Cli.for(shop);
    const release = (...args: string[]) => cli.run(["release", ...args, "-y", "--edeliver-output"]);
    const up = await release("upgrade", "0.2.0");
    expect(up.code).toBe(0);
    const lines = up.stderr.split("\n").map((line) => line.slice(line.indexOf(" ") + 1));
    const from = lines.indexOf("install start");
    expect(lines.slice(from, from + 4)).toEqual([
      "install start",
      "---> ready",
      "hidden",
      "install: ---> the upgrade succeeded",
    ]);
    const down = await release("downgrade", "0.1.0", "-o", "ndjson");
    expect(down.code).toBe(0);
    const events = down.stdout.trim().split("\n");
    expect(
      events
        .map((line) => JSON.parse(line) as UpgradeEvent)
        .flatMap((event) => (event.type === "print" ? [[event.stage, event.text]] : [])),
    ).toEqual([
      ["install", "---> ready\n"],
      ["install", "---> done \u001b[31mred\rhidden\n"],
    ]);
    expect(shop.output()).not.toMatch(/disconnect|overlapping/);
  });
});
