/** A plain `mix release` goes up, down and up again hot, with nothing made by hand but an appup. */

import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import { TimeoutError } from "../../src/errors.ts";
import {
  type FileChange,
  FileChanges,
  Guardian,
  Journal,
  recover,
  TAKEN_BACK,
} from "../../src/guard/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, lostEnvironment, runScript, whichReleases } from "../../src/otp/index.ts";
import { atom, charlist, inspect, type Term, tuple } from "../../src/term/index.ts";
import {
  type PrepareReport,
  prepareRelease,
  pushRelease,
  runningRelease,
  undoPrepare,
  unpackVersion,
  upgrade,
} from "../../src/upgrade/index.ts";
import { RELEASES_PUT } from "../../src/upgrade/release/releases-scripts.ts";
import { mergeConfig } from "../../src/upgrade/release/runtime-config.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit, type OtpSet, provision } from "../support/index.ts";
import { packPlain, SHOP_SECRET } from "../support/shop/plain.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit();

/** A plain shop, and a link to it. */
async function open(set: OtpSet, options: Partial<Parameters<typeof startShop>[0]> = {}) {
  const shop = await startShop({ otp: await provision(set), plain: true, ...options });
  const address = { host: "127.0.0.1", port: shop.distPort };
  const node = await connect(shop.name, { cookie: shop.cookie, address });
  return {
    shop,
    node,
    async [Symbol.asyncDispose]() {
      await node.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}

/** The environment of the shop, as a digest: its values are secrets. */
const environment = async (node: BeamNode) =>
  inspect(
    await evaluate(node, "erlang:md5(term_to_binary(lists:sort(application:get_all_env(shop))))", {
      language: "erlang",
    }),
  );

const steps = ({ changes }: PrepareReport) => changes.map(({ step }) => step);

/** All files of a release with size and time. */
async function filesOf({ root }: ShopNode): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.beamctl/.test(entry.name));
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { size, mtimeMs } = await stat(path);
      return `${path.slice(root.length)} ${size} ${mtimeMs}`;
    }),
  ).then((all) => all.sort());
}

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "beamctl-plain-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.runIf(HAVE).each(["otp25", "otp27"] as const)("a plain mix release on %s", (set) => {
  let given: Awaited<ReturnType<typeof open>>;
  let tarball: string;
  let stateDirectory: string;
  beforeAll(async () => {
    given = await open(set);
    const folder = join(scratch, set);
    await mkdir(folder);
    tarball = await packPlain(await provision(set), "0.2.0", folder);
    stateDirectory = join(folder, "state");
  });
  afterAll(() => given?.[Symbol.asyncDispose]());

  it("is pushed, prepared, and goes up, down and up with its clients and its environment", async () => {
    const { node, shop } = given;
    const before = await environment(node);
    const files = await filesOf(shop);
    expect((await whichReleases(node))[0]?.libraries).toEqual([]);

    expect(await pushRelease(node, tarball)).toMatchObject({ name: "shop", version: "0.2.0" });
    const planned = await prepareRelease(node, "0.2.0", { dryRun: true, stateDirectory });
    expect(steps(planned)).toEqual(["releases", "unpack", "relup", "config", "config"]);
    const known = (all: readonly string[]) => all.filter((file) => !file.includes(".tar.gz"));
    expect(known(await filesOf(shop))).toEqual(files); // nothing was changed

    const done = await prepareRelease(node, "0.2.0", { stateDirectory });
    expect(steps(done)).toEqual(steps(planned));
    expect(done.problems).toEqual([]);
    const config = join(shop.root, "releases/0.2.0/sys.config");
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(await readFile(config, "utf8")).toMatch(/^%% coding: utf-8\n(%%.*\n)*\[/);
    const running = join(shop.root, "releases/0.1.0/sys.config");
    expect(await lostEnvironment(node, config, running)).toEqual([]);
    expect(await readFile(join(shop.root, "releases/start_erl.data"), "utf8")).toMatch(/ 0\.1\.0/);
    expect(steps(await prepareRelease(node, "0.2.0", { stateDirectory }))).toEqual([]);

    const clients = await Clients.connect(shop.httpPort, 10);
    try {
      clients.start();
      for (const version of ["0.2.0", "0.1.0", "0.2.0"]) {
        const report = await upgrade(node, version, { stateDirectory });
        expect(report).toMatchObject({ to: version, permanent: true, suspended: 10 });
        expect(await environment(node)).toBe(before);
      }
      await clients.stop();
      const figures = clients.figures();
      expect(figures).toMatchObject({ open: 10, same: 10, outOfOrder: 0 });
      expect(figures.answered).toBe(figures.sent);
    } finally {
      clients.close();
    }
    // What a restart boots: the provider still runs, since the other port is in the environment alone.
    await using again = await open(set, { version: "0.2.0", from: shop.root });
    expect(again.shop.httpPort).not.toBe(shop.httpPort);
    expect((await fetch(`http://127.0.0.1:${again.shop.httpPort}/version`)).status).toBe(200);
    expect((await runningRelease(again.node)).version).toBe("0.2.0");

    const journal = await Journal.read(node.name, stateDirectory);
    expect(JSON.stringify(journal)).not.toContain(SHOP_SECRET);
    const own = journal.filter(({ op }) => op === journal[0]?.op);
    const kinds = own.map(({ kind }) => kind);
    expect([kinds[0], kinds[1], kinds.at(-1)]).toEqual(["begin", "file", "end"]);
    expect(own.at(-1)).toMatchObject({ outcome: "done" });
    expect(own.filter(({ kind }) => kind === "file")).toHaveLength(7);
    expect(kinds.filter((kind) => kind === "filed")).toHaveLength(7);
  });

  it("refuses to take away what runs, and what was changed since", async () => {
    const { node, shop } = given;
    await expect(undoPrepare(node, "0.2.0", { stateDirectory })).rejects.toMatchObject({
      message: "0.2.0 is permanent: what it runs on is not taken away",
    });
    await upgrade(node, "0.1.0", { stateDirectory });
    const config = join(shop.root, "releases/0.1.0/sys.config");
    await writeFile(config, `%% mine\n${await readFile(config, "utf8")}`);
    const { changes } = await undoPrepare(node, "0.2.0", { stateDirectory });
    expect(changes.filter(({ undone }) => !undone)).toEqual([
      { what: "file", path: config, undone: false, reason: "it was changed since" },
    ]);
    expect((await whichReleases(node)).map(({ version }) => version)).toEqual(["0.1.0"]);
    expect(await readdir(join(shop.root, "releases"))).not.toContain("RELEASES");
    expect(await readdir(join(shop.root, "lib"))).not.toContain("shop-0.2.0");
  });
});

describe.runIf(HAVE)("a plain mix release that lacks something", () => {
  let given: Awaited<ReturnType<typeof open>>;
  let tarball: string;
  let stateDirectory: string;
  beforeAll(async () => {
    given = await open("otp25");
    stateDirectory = join(scratch, "lacking");
    await mkdir(stateDirectory);
    tarball = await packPlain(await provision("otp25"), "0.2.0", stateDirectory);
  });
  afterAll(() => given?.[Symbol.asyncDispose]());
  const here = (path: string) => join(given.shop.root, path);

  it("has nothing to unpack before it is pushed", async () => {
    await expect(prepareRelease(given.node, "0.2.0", { stateDirectory })).rejects.toMatchObject({
      code: "BEAM_UPGRADE",
      message: `${here("releases/shop-0.2.0.tar.gz")} does not exist on the node`,
      remedy: expect.stringContaining("release push"),
    });
  });

  it("is not touched while a controller guards the node", async () => {
    await pushRelease(given.node, tarball);
    const options = { stateDirectory: join(scratch, "other"), purpose: "something else" };
    await using _guardian = await Guardian.arm(given.node, options);
    await expect(prepareRelease(given.node, "0.2.0", { stateDirectory })).rejects.toMatchObject({
      code: "BEAM_LEASE",
    });
    expect(await readdir(here("releases"))).not.toContain("0.2.0");
  });

  it("was copied by hand: the release handler is told; and without an appup the modules are named", async () => {
    const { node } = given;
    const release = await packedFolder();
    await cp(join(release, "lib/shop-0.2.0"), here("lib/shop-0.2.0"), { recursive: true });
    await cp(join(release, "releases/0.2.0"), here("releases/0.2.0"), { recursive: true });
    await rm(here("releases/shop-0.2.0.tar.gz"));
    const appup = here("lib/shop-0.2.0/ebin/shop.appup");
    const kept = await readFile(appup);
    await rm(appup);
    const report = await prepareRelease(node, "0.2.0", { stateDirectory });
    expect(steps(report)).toEqual(["releases", "unpack", "config", "config"]);
    expect(report.changes[1]?.files).toEqual([]);
    expect(report.problems).toEqual([
      {
        step: "relup",
        what: "shop goes from 0.1.0 to 0.2.0 without an appup; changed: Elixir.Shop.Counter, Elixir.Shop.Http, Elixir.Shop.RoomChannel",
        remedy: expect.stringContaining(`Write ${appup}: {"0.2.0", [{"0.1.0", `),
      },
    ]);
    const error = await Promise.resolve(upgrade(node, "0.2.0", { stateDirectory })).catch((e) => e);
    expect(error.message).toContain("no relup leads from 0.1.0 to 0.2.0");
    expect(error.remedy).toContain("beamctl release prepare 0.2.0");
    await writeFile(appup, kept);
    expect(steps(await prepareRelease(node, "0.2.0", { stateDirectory }))).toEqual(["relup"]);
    // Copied by others: it is forgotten, and stays.
    await undoPrepare(node, "0.2.0", { stateDirectory });
    expect(await readdir(here("lib"))).toContain("shop-0.2.0");
    expect(await readdir(here("releases/0.2.0"))).not.toContain("relup");
    await rm(here("lib/shop-0.2.0"), { recursive: true });
    await rm(here("releases/0.2.0"), { recursive: true });
  });

  it("wants a variable that the node has not: it is named, and no value is shown", async () => {
    const { node } = given;
    await pushRelease(node, tarball);
    await unpackVersion(node, await runningRelease(node), "0.2.0", { stateDirectory });
    const runtime = here("releases/0.2.0/runtime.exs");
    const kept = await readFile(runtime, "utf8");
    const with_ = (line: string) => writeFile(runtime, `${kept}\n${line}\n`);
    const config = await readFile(here("releases/0.2.0/sys.config"));
    await with_('config :shop, other: System.fetch_env!("SHOP_OTHER")');
    await expect(prepareRelease(node, "0.2.0", { stateDirectory })).rejects.toThrow(
      "the node has no environment variable SHOP_OTHER, which runtime.exs wants",
    );
    await with_('raise "the secret is #{System.fetch_env!("SHOP_SECRET")}"');
    const error = await Promise.resolve(prepareRelease(node, "0.2.0", { stateDirectory })).catch(
      (e) => e,
    );
    expect(error.message).toContain("runtime.exs raised RuntimeError");
    expect(inspectAll(error)).not.toContain(SHOP_SECRET);
    expect(await readFile(here("releases/0.2.0/sys.config"))).toEqual(config);
    await writeFile(runtime, kept);
    // Nor does what was made stay on the disk, when its record could not be written.
    const full = { make: () => Promise.reject(new Error("the disk is full")) };
    const merged = mergeConfig(node, "shop", "0.2.0", full as unknown as FileChanges);
    await expect(merged).rejects.toThrow("the disk is full");
    expect((await readdir(here("releases/0.2.0"))).filter((name) => /new/.test(name))).toEqual([]);
    expect(await readFile(here("releases/0.2.0/sys.config"))).toEqual(config);
  });

  it("is shown by the command, asks for a yes, and is taken back by it", async () => {
    const { name, cookie, distPort: port } = given.shop;
    await using cli = await Cli.for({ name, cookie, port });
    const dry = await cli.run(["release", "prepare", "0.2.0", "--dry-run"]);
    expect(dry.stderr).toContain("make a relup between 0.1.0 and 0.2.0");
    expect([dry.code, dry.stdout]).toEqual([0, `${name}: 0.2.0: 4 changes to be made\n`]);
    expect((await cli.run(["release", "prepare", "0.2.0"])).code).toBe(64);
    const done = await cli.run(["release", "prepare", "0.2.0", "--yes", "--json", "-q"]);
    expect([done.code, JSON.parse(done.stdout).changes]).toMatchObject([0, { length: 4 }]);
    const undone = await cli.run(["release", "prepare", "0.2.0", "--undo", "--yes", "--json"]);
    expect(undone.code).toBe(0);
    expect(`${dry.stderr}${done.stderr}${undone.stdout}`).not.toContain(SHOP_SECRET);
  });

  it("and whose preparation lost its link is told by recover, and not gone on with before", async () => {
    const { node } = given;
    const path = here("releases/COOKIE");
    const about = { operation: "lost", purpose: "release prepare 0.2.0", stateDirectory };
    const lost = FileChanges.run(node, about, (changes) =>
      changes.make({ what: "file", path, before: "0".repeat(32) }, async () => {
        throw new TimeoutError("the node", 1);
      }),
    );
    await expect(lost).rejects.toThrow(TimeoutError);
    await expect(prepareRelease(node, "0.2.0", { stateDirectory })).rejects.toMatchObject({
      code: "BEAM_JOURNAL",
      remedy: expect.stringContaining("beamctl recover"),
    });
    await using journal = await Journal.open(node.name, stateDirectory);
    const { operations, nothingLeft } = await recover(node, journal);
    expect([operations[0]?.files, nothingLeft]).toMatchObject([[{ path, state: "changed" }], true]);
    expect(journal.unfinished).toEqual([]);
  });

  it("and whose undo lost its link is told by what is there, and is done again", async () => {
    const { node } = given;
    await prepareRelease(node, "0.2.0", { stateDirectory });
    const undone: FileChange[] = [
      { what: "release", path: "0.2.0" },
      { what: "release", path: "9.9.9" },
      { what: "folder", path: here("lib/shop-0.2.0") },
      { what: "folder", path: here("lib/shop-9.9.9") },
    ];
    const about = { operation: "undo", purpose: "release prepare 0.2.0 --undo", stateDirectory };
    const lost = FileChanges.run(node, about, (changes) =>
      undone.reduceRight<() => Promise<object>>(
        (inner, change) => () => changes.make({ ...change, why: TAKEN_BACK }, inner),
        () => Promise.reject(new TimeoutError("the node", 1)),
      )(),
    );
    await expect(lost).rejects.toThrow(TimeoutError);
    {
      await using journal = await Journal.open(node.name, stateDirectory);
      const [{ files } = { files: [] }] = (await recover(node, journal)).operations;
      expect(files.map(({ state }) => state)).toEqual([
        ...["unchanged", "changed", "unchanged", "changed"],
      ]);
    }
    // The folder has gone already, and with it the files in it.
    await rm(here("releases/0.2.0"), { recursive: true });
    const { changes } = await undoPrepare(node, "0.2.0", { stateDirectory });
    // What the test before announced, without what it would be afterwards, is left.
    const [left, ...more] = changes.filter(({ undone }) => !undone);
    expect(left).toMatchObject({
      path: here("releases/COOKIE"),
      reason: expect.stringContaining("is missing"),
    });
    expect(more).toEqual([]);
    expect(await readdir(here("lib"))).not.toContain("shop-0.2.0");
  });

  async function packedFolder(): Promise<string> {
    const { buildShop } = await import("../support/shop/build.ts");
    return buildShop({ otp: await provision("otp25"), version: "0.2.0", plain: true });
  }
});

describe.runIf(HAVE)("a release handler that is being restarted", () => {
  it("is started by the node itself when who restarts it ends in between", async () => {
    await using given = await open("otp25");
    const { node } = given;
    const stateDirectory = join(scratch, "restarted");
    const erlang = async (text: string) =>
      inspect(await evaluate(node, text, { language: "erlang" }));
    // The supervisor stands still, so the one who asks it to terminate the release handler can be ended there.
    await erlang("sys:suspend(sasl_sup)");
    const prepared = Promise.resolve(prepareRelease(node, "0.1.0", { stateDirectory })).catch(
      (error) => error,
    );
    const asking = `[Pid || {'$gen_call', {Pid, _}, {terminate_child, _}} <- element(2, process_info(whereis(sasl_sup), messages))]`;
    while ((await erlang(asking)) === "[]") await pause(20);
    await erlang(`[exit(Pid, kill) || Pid <- ${asking}]`);
    await erlang("sys:resume(sasl_sup), whereis(release_handler)");
    expect(await prepared).toBeInstanceOf(Error);
    while ((await erlang("is_pid(whereis(release_handler))")) !== "true") await pause(50);
    expect((await whichReleases(node))[0]?.libraries).not.toEqual([]);
    expect(steps(await prepareRelease(node, "0.1.0", { stateDirectory }))).toEqual([]);
  });

  it("is not while the node is held, and what is known has to be what was known", async () => {
    await using given = await open("otp25");
    const { node, shop } = given;
    const put = (known: Term, guard: Term) =>
      runScript(node, RELEASES_PUT, {
        Releases: charlist(join(shop.root, "releases")),
        Known: known,
        Backup: atom("none"),
        Guard: guard,
      });
    const handler = () => node.call("erlang", "whereis", [atom("release_handler")]);
    const before = inspect(await handler());
    const known = [tuple(charlist("shop"), charlist("0.1.0"), atom("permanent"))];
    expect(inspect(await put([], atom("undefined")))).toBe("{:error, :changed_meanwhile}");
    await using _guardian = await Guardian.arm(node, { stateDirectory: join(scratch, "held") });
    expect(inspect(await put(known, atom("undefined")))).toBe("{:error, :guarded}");
    expect(inspect(await handler())).toBe(before);
  });
});

describe.runIf(HAVE)("a release whose sasl is not started", () => {
  it("says so, and has it started; without its code it says what to build", async () => {
    await using given = await open("otp25", { plain: false, sasl: false });
    const { node } = given;
    const stateDirectory = join(scratch, "sasl");
    const refused = { remedy: expect.stringContaining("extra_applications: [:logger, :sasl]") };
    await expect(whichReleases(node)).rejects.toMatchObject(refused);
    await expect(upgrade(node, "0.2.0", { stateDirectory })).rejects.toMatchObject(refused);
    const planned = await prepareRelease(node, "0.1.0", { dryRun: true });
    expect(steps(planned)).toEqual(["sasl"]);
    expect(steps(await prepareRelease(node, "0.1.0", { stateDirectory }))).toEqual([
      "sasl",
      "releases",
    ]);
    expect((await whichReleases(node))[0]?.libraries).not.toEqual([]);
    await evaluate(
      node,
      "application:stop(sasl), code:del_path(sasl), [{code:delete(M), code:purge(M)} || M <- [release_handler]]",
      { language: "erlang" },
    );
    await expect(prepareRelease(node, "0.1.0", { stateDirectory })).rejects.toMatchObject({
      message: "the release has no release handler: sasl is not part of it",
      ...refused,
    });
  });
});

function inspectAll(error: { message: string; stack?: string; remedy?: string; cause?: unknown }) {
  return `${error.message}${error.stack}${error.remedy}${String(error.cause)}`;
}
