/** The checks of the files of a release, of what changes and of who else is there: each finding is provoked on a real node. */

import { cp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guardian } from "../../src/guard/index.ts";
import { type BeamNode, connect, startNode } from "../../src/node/index.ts";
import {
  evaluate,
  installRelease,
  observer,
  type Remote,
  unpackRelease,
} from "../../src/otp/index.ts";
import { parse, type Term } from "../../src/term/index.ts";
import { checkUpgrade, type Finding, type UpgradeOptions } from "../../src/upgrade/index.ts";
import type { Ground } from "../../src/upgrade/preflight/given.ts";
import { handlerFiles } from "../../src/upgrade/preflight/handler-files.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";
import { compileOn } from "../upgrade/compile.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it

async function dial(shop: ShopNode): Promise<BeamNode> {
  const address = { host: "127.0.0.1", port: shop.distPort };
  return connect(shop.name, { cookie: shop.cookie, address });
}

/** Where the tests run in a container, this one is right. */
const besides = (findings: readonly Finding[]) =>
  findings.filter(({ code }) => code !== "ephemeral-root");
const brief = (findings: readonly Finding[]) =>
  besides(findings).map(({ severity, code }) => `${severity} ${code}`);

/** A node that runs a third version. */
const OLDER: Remote = {
  name: "older@localhost",
  call: async () => parse('[{"shop", "0.0.9", [], permanent}]', { syntax: "erlang" }),
};

describe.runIf(HAVE)("the checks of a release's files", () => {
  let shop: ShopNode;
  let node: BeamNode;
  let root: string;

  beforeAll(async () => {
    const packages = ["0.2.0", "0.4.0"] as const;
    shop = await startShop({ otp: await provision("otp25"), packages });
    ({ root } = shop);
    node = await dial(shop);
    await unpackRelease(node, "shop-0.2.0");
  });
  afterAll(async () => {
    await node?.close();
    await shop?.[Symbol.asyncDispose]();
  });

  const check = (version = "0.2.0", options: UpgradeOptions = {}) =>
    checkUpgrade(observer(node), version, options);
  const found = async (version?: string, options?: UpgradeOptions) =>
    besides((await check(version, options)).findings);
  const codes = async (version?: string, options?: UpgradeOptions) =>
    brief(await found(version, options));
  const erlang = (text: string): Promise<Term> => evaluate(node, text, { language: "erlang" });

  /** With this text in a file of the release, or without the file; put back afterwards. */
  async function having<Result>(
    path: string,
    text: string | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const file = join(root, path);
    const kept = `${file}.kept`;
    const was = await rename(file, kept).then(
      () => true,
      () => false,
    );
    try {
      if (text !== undefined) await writeFile(file, text);
      return await work();
    } finally {
      await rm(file, { force: true });
      if (was) await rename(kept, file);
    }
  }

  /** With a relup of 0.2.0 whose way from 0.1.0 has these instructions. */
  const by = <Result>(instructions: string, work: () => Promise<Result>) =>
    having("releases/0.2.0/relup", `{"0.2.0",[{"0.1.0",[],[${instructions}]}],[]}.\n`, work);

  /** With another entry of 0.2.0 in `RELEASES`. */
  async function recorded<Result>(
    edit: (entry: string) => string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const text = await readFile(join(root, "releases/RELEASES"), "utf8");
    const [before = "", ...entries] = text.split("{release,");
    const edited = entries.map((entry) =>
      entry.startsWith('"shop","0.2.0"') ? edit(entry) : entry,
    );
    expect(edited).not.toEqual(entries);
    return having("releases/RELEASES", [before, ...edited].join("{release,"), work);
  }

  it("find nothing where all is well, and give the plan and who would be touched", async () => {
    const { findings, refused, from, way } = await check();
    expect([besides(findings), refused, from]).toEqual([[], false, "0.1.0"]);
    expect(way).toMatchObject({ direction: "up", file: `${root}/releases/0.2.0/relup` });
    expect(way?.plan?.steps.map(({ name }) => name)).toContain("SuspendChannels");
    expect(way?.impact.processes.map(({ module }) => module)).toContain("Elixir.Shop.Counter");
  });

  it("tell of versions that cannot be gone to, instead of failing", async () => {
    expect(await codes("0.1.0")).toEqual(["refusal already-runs"]);
    expect(await codes("9.9.9")).toEqual(["refusal unknown-version"]);
    expect(await codes("0.4.0")).toEqual(["refusal not-unpacked", "notice disk-space-unknown"]);
    expect(await codes("0.2.0", { direction: "down" })).toEqual(["refusal other-direction"]);
    expect(await having("releases/0.2.0/relup", undefined, codes)).toEqual(["refusal no-relup"]);
    expect(await having("releases/0.2.0/relup", "{oops", codes)).toEqual(["refusal no-relup"]);
  });

  it("name a way in two steps", async () => {
    await unpackRelease(node, "shop-0.4.0");
    const relup = '{"0.2.0",[{"0.4.0",[],[point_of_no_return]}],[]}.\n';
    const [none] = await having("releases/0.2.0/relup", relup, found);
    expect(none).toMatchObject({
      code: "no-relup",
      what: "no relup leads from 0.1.0 to 0.2.0",
      remedy:
        "Go in two steps: `beamctl release upgrade 0.4.0`, then `beamctl release upgrade 0.2.0`.",
    });
  });

  it("refuse what the relup itself forbids, and warn of what it can cost", async () => {
    expect(await by('{load_object_code,{shop,"0.2.0",[]}}', codes)).toContain(
      "refusal no-point-of-no-return",
    );
    expect(await by("point_of_no_return,restart_emulator", codes)).toContain(
      "refusal emulator-restart",
    );
    const ours = "{apply,{gen_server,call,[{beamctl_relup,'them@there'},{run,1},5000]}}";
    const [caller] = await by(`${ours},point_of_no_return`, found);
    expect(caller).toMatchObject({ code: "relup-of-another-run" });
    expect(caller?.what).toContain("them@there");
    const refused = await by('point_of_no_return,{load_object_code,{shop,"0.2.0",[]}}', check);
    expect(brief(refused.findings)).toContain("refusal instruction-refused");
    expect(refused.refused).toBe(true);
    const [left] = (await by("point_of_no_return,{suspend,['Elixir.Shop.Counter']}", found)).filter(
      ({ code }) => code === "instruction-danger",
    );
    expect(left).toMatchObject({ severity: "warning" });
    expect(left?.what).toContain("nothing resumes");
  });

  it("miss files that a restart needs once the version is permanent", async () => {
    const folder = "releases/0.2.0";
    const boot = "danger boot-file-unusable";
    expect(await having(`${folder}/start.boot`, undefined, codes)).toEqual([boot]);
    expect(await having(`${folder}/start.boot`, "no boot file", codes)).toEqual([boot]);
    const accepted = () => codes("0.2.0", { accept: ["boot-file-unusable"] });
    expect(await having(`${folder}/start.boot`, undefined, accepted)).toEqual([
      "warning boot-file-unusable",
    ]);
    const other = await having(`${folder}/start.boot`, undefined, async () => {
      await cp(join(root, "releases/0.1.0/start.boot"), join(root, folder, "start.boot"));
      return found();
    });
    expect(other[0]?.what).toBe(`${root}/${folder}/start.boot boots shop 0.1.0`);
    expect(await having(`${folder}/vm.args`, undefined, codes)).toEqual([
      "danger boot-files-missing",
    ]);
    // The release handler has made a copy beside the package's own.
    const names = (await readdir(join(root, folder))).filter((name) => name.endsWith(".rel"));
    const rels = ["releases/shop-0.2.0.rel", ...names.map((name) => `${folder}/${name}`)];
    const without = ([rel, ...more]: string[]): Promise<string[]> =>
      rel === undefined ? codes() : having(rel, undefined, () => without(more));
    const both = await without(rels);
    expect(both).toEqual(["notice rel-missing"]);
  });

  it("compare the release handler's files with what it holds, and ask whether they can be written", async () => {
    const file = "releases/RELEASES";
    expect(await having(file, undefined, codes)).toEqual(["warning no-way-back"]);
    expect(await having(file, "[oops", codes)).toEqual(["warning releases-file-unusable"]);
    const differs = await recorded((entry) => entry.replace("unpacked}", "old}"), codes);
    expect(differs).toEqual(["warning releases-file-differs"]);
    for (const data of ["13.1.5 9.9.9", undefined]) {
      expect(await having("releases/start_erl.data", data, codes)).toEqual([
        "warning start-data-differs",
      ]);
    }
    // A file that even root cannot write.
    const locked = await having(file, undefined, async () => {
      await symlink("/proc/sys/kernel/osrelease", join(root, file));
      return codes();
    });
    expect(locked).toContain("refusal releases-not-writable");
    const ground = {
      remote: node,
      root,
      folder: join(root, "releases"),
      running: { name: "shop", version: "0.1.0", libraries: [{}] },
      releases: [{ version: "0.2.0", status: "tmp_current" }],
      records: async () => ({ file: new Map([["0.2.0", "tmp_current"]]), boot: { version: "x" } }),
      options: {},
      call: {},
    };
    expect(brief(await handlerFiles.find(ground as unknown as Ground))).toEqual([
      "refusal install-unfinished",
    ]);
  });

  it("look for the beams that the relup loads, and for those that it forgets", async () => {
    const ebin = "lib/shop-0.2.0/ebin";
    expect(await having(`${ebin}/Elixir.Shop.Http.beam`, undefined, codes)).toEqual([
      "refusal beams-missing",
    ]);
    expect(await having(`${ebin}/shop.app`, undefined, codes)).toEqual([
      "refusal applications-missing",
    ]);
    const as = async (name: string) => {
      const beam = await readFile(join(root, ebin, "Elixir.Shop.Counter.beam"), "latin1");
      return having(`${ebin}/${name}.beam`, undefined, async () => {
        await writeFile(join(root, ebin, `${name}.beam`), beam, "latin1");
        return found();
      });
    };
    expect(await as("Elixir.Shop.Socket")).toMatchObject([
      { code: "changed-not-loaded", severity: "warning", about: ["Elixir.Shop.Socket"] },
    ]);
    expect(await as("Elixir.Shop.Extra")).toMatchObject([
      { code: "new-not-loaded", severity: "warning", about: ["Elixir.Shop.Extra"] },
    ]);
    const unknown = '{load_object_code,{other,"1.0",[other]}},point_of_no_return';
    expect(await by(unknown, codes)).toContain("refusal beams-missing");
  });

  it("tell what else changes: emulator, OTP, dependencies, applications that come and go", async () => {
    const emulator = await recorded((entry) => entry.replace('"13.1.5"', '"99.0"'), codes);
    expect(emulator).toEqual(["danger emulator-changed", "danger emulator-missing"]);
    const core = await recorded((entry) => entry.replace('{stdlib,"4.2"', '{stdlib,"4.3"'), found);
    expect(brief(core)).toEqual(["danger core-libraries-changed", "notice libraries-changed"]);
    expect(core[0]?.what).toContain("stdlib 4.2 → 4.3");
    const ranch = '{load_object_code,{ranch,"9.9",[]}},point_of_no_return';
    const listener = await by(ranch, () =>
      recorded((entry) => entry.replace(/\{ranch,"[^"]*"/, '{ranch,"9.9"'), codes),
    );
    expect(listener).toEqual(
      expect.arrayContaining(["warning listener-library-changed", "notice libraries-changed"]),
    );
    const moved = await recorded((entry) => entry.replace("{jsx,", "{jsy,"), found);
    const of = (code: string) => moved.find((one) => one.code === code)?.about;
    expect([of("added-not-started"), of("removed-not-stopped")]).toEqual([["jsy"], ["jsx"]]);
  });

  it("see other controllers, and heart", async () => {
    const guardian = await Guardian.arm(node, { cap: 20_000 });
    const guarded = await found();
    await guardian.disarm();
    expect(guarded).toMatchObject([
      { code: "guarded", severity: "refusal", about: [node.localName] },
    ]);
    const alone = (name: string) =>
      erlang(`register(${name}, spawn(fun() -> receive stop -> ok end end))`);
    await alone("beamctl_guard");
    expect(await codes()).toEqual(["warning guardian-left"]);
    await erlang("beamctl_guard ! stop");
    await alone("heart");
    expect(await codes()).toEqual([]);
    await erlang('os:putenv("HEART_COMMAND", "true")');
    expect(await codes()).toEqual(["notice heart"]);
    await erlang('os:putenv("RELEASE_VSN", "0.1.0")');
    expect(await codes()).toEqual(["warning heart-boots-old"]);
    await erlang('heart ! stop, os:unsetenv("HEART_COMMAND"), os:unsetenv("RELEASE_VSN")');
    await expect.poll(codes).toEqual([]);
  });

  it("know the disk space from disksup, where it runs", async () => {
    const says = (free: number) => `-module(disksup). -export([get_disk_data/0]).
get_disk_data() -> [{"/", 1000000, 0}, {"${root}", 1000000, ${100 - free}}].\n`;
    await erlang("register(disksup, spawn(fun() -> receive stop -> ok end end))");
    await compileOn(node, join(root, "tmp"), says(50));
    expect(await codes()).toEqual([]);
    await compileOn(node, join(root, "tmp"), says(1));
    expect(await codes()).toEqual(["danger disk-full"]);
    await erlang("disksup ! stop, code:purge(disksup), code:delete(disksup), code:purge(disksup)");
    await expect.poll(codes).toEqual([]);
  });

  it("name the other nodes of the cluster, and code from elsewhere", async () => {
    const name = `neighbour_${shop.pid}@localhost`;
    {
      await using local = await startNode(name, {
        cookie: shop.cookie,
        visible: true,
        listen: false,
      });
      await local.connect(shop.name, { address: { host: "127.0.0.1", port: shop.distPort } });
      expect(await found()).toMatchObject([{ code: "cluster", severity: "notice", about: [name] }]);
      // Here the shop itself stands for its neighbour.
      const options = {
        reach: async <T>(_: string, work: (remote: Remote) => Promise<T>) => work(node),
      };
      const { findings } = await checkUpgrade(observer(node), "9.9.9", options);
      expect(findings.map(({ what }) => what)).toContain(`connected nodes: ${name} (shop 0.1.0)`);
      const third = {
        reach: async <T>(_: string, work: (remote: Remote) => Promise<T>) => work(OLDER),
      };
      const other = await checkUpgrade(observer(node), "9.9.9", third);
      expect(other.findings).toMatchObject(
        expect.arrayContaining([expect.objectContaining({ code: "cluster", severity: "warning" })]),
      );
    }
    await erlang('true = code:add_patha("/usr")');
    expect(await found()).toMatchObject([{ code: "foreign-code-path", about: ["/usr"] }]);
    await erlang('true = code:del_path("/usr")');
    await erlang(`{ok, Beam} = file:read_file(code:which('Elixir.Shop.Http')),
      {module, _} = code:load_binary('Elixir.Shop.Http', "/home/me/Shop.Http.beam", Beam)`);
    expect(await found()).toMatchObject([
      { code: "loaded-from-elsewhere", about: ["Elixir.Shop.Http"] },
    ]);
    await erlang(
      "code:purge('Elixir.Shop.Http'), {module, _} = code:load_file('Elixir.Shop.Http')",
    );
    await erlang("code:purge('Elixir.Shop.Http')");
  });

  it("say so when the release handler does not answer", async () => {
    const hasty: Remote = {
      name: node.name,
      call: (module, fun, args) => node.call(module, fun, args, { timeout: 200 }),
    };
    await erlang("sys:suspend(release_handler)");
    const busy = await checkUpgrade(hasty, "0.2.0");
    await erlang("sys:resume(release_handler)");
    expect([brief(busy.findings), busy.from]).toEqual([
      ["refusal release-handler-busy"],
      undefined,
    ]);
  });

  it("are a command with the findings, the worst first, and its exit code", async () => {
    const { name, cookie, distPort: port } = shop;
    await using cli = await Cli.for({ name, cookie, port });
    const good = await cli.run(["release", "plan", "0.2.0"]);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain("Shop.Counter    1  suspended, state converted");
    expect(good.stdout).toContain("SuspendChannels");
    expect(good.stdout.trimEnd().split("\n").at(-1)).toContain(
      `${name}: 0.1.0 → 0.2.0: the upgrade can be done`,
    );
    const bad = await having("releases/0.2.0/start.boot", undefined, () =>
      having("releases/start_erl.data", undefined, () =>
        cli.run(["release", "plan", "0.2.0", "-o", "ndjson"]),
      ),
    );
    expect(bad.code).toBe(3);
    const lines = bad.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const about = lines.filter(({ code }) => code !== undefined && code !== "ephemeral-root");
    expect(about.map(({ code }) => code)).toEqual(["boot-file-unusable", "start-data-differs"]);
    expect(lines.at(-1)).toMatchObject({ type: "verdict", refused: true, to: "0.2.0" });
    const json = await cli.run(["release", "plan", "9.9.9", "--json"]);
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
      3,
      { refused: true, way: null, steps: null, impact: null },
    ]);
  });

  it("know that what runs is not yet permanent, and find nothing else on the way back", async () => {
    await installRelease(node, "0.2.0", { updatePaths: true });
    expect(await codes("0.1.0")).toEqual(["notice not-permanent"]);
    expect((await check("0.1.0")).way?.direction).toBe("down");
  });
});

describe.runIf(HAVE)("a good upgrade", () => {
  it.each(["otp27", "otp29"] as const)("is found so on %s, both ways", async (set) => {
    await using shop = await startShop({ otp: await provision(set) });
    await using node = await dial(shop);
    await unpackRelease(node, "shop-0.2.0");
    const up = await checkUpgrade(observer(node), "0.2.0");
    expect([brief(up.findings), up.refused]).toEqual([[], false]);
    await installRelease(node, "0.2.0", { updatePaths: true });
    await node.call("release_handler", "make_permanent", [
      [..."0.2.0"].map((c) => c.charCodeAt(0)),
    ]);
    const down = await checkUpgrade(observer(node), "0.1.0");
    expect([brief(down.findings), down.way?.direction]).toEqual([[], "down"]);
  });

  it("cannot be on a node without a release handler", async () => {
    await using shop = await startShop({
      otp: await provision("otp25"),
      packages: [],
      sasl: false,
    });
    await using node = await dial(shop);
    const { findings, refused } = await checkUpgrade(observer(node), "0.2.0");
    expect([brief(findings), refused]).toEqual([["refusal no-release-handler"], true]);
  });
});
