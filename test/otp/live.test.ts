/** The typed OTP modules against real nodes of each OTP. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import * as otp from "../../src/otp/index.ts";
import { atom, binary, type Pid, type Term, textOf } from "../../src/term/index.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const SETS: readonly OtpSet[] = ["otp25", "otp27", "otp29"];

async function open(erl: BeamProcess): Promise<BeamNode> {
  return connect(erl.name, {
    cookie: erl.cookie,
    address: { host: "127.0.0.1", port: erl.port },
  });
}

describe.each(SETS)("%s", (set) => {
  it("answers every reading function through an observer", async () => {
    const files = await provision(set);
    await using erl = await startErl({ otp: files });
    await using node = await open(erl);
    const remote = otp.observer(node);

    const info = await otp.systemInfo(remote);
    expect(info.otpRelease).toBe(String(files.release));
    expect(info.elixirVersion).toBeNull();
    expect(info.memory.total).toBeGreaterThan(1e6);
    expect(info.processes.count).toBeLessThan(info.processes.limit);
    expect(info.applications.map(({ name }) => name)).toContain("kernel");
    const kernel = (await otp.whichApplications(remote)).find(({ name }) => name === "kernel");
    expect(textOf((await otp.applicationKey(remote, "kernel", "vsn")) as Term)).toBe(
      kernel?.version,
    );
    expect(await otp.applicationKey(remote, "kernel", "nonsense")).toBeUndefined();
    expect(await otp.initStatus(remote)).toBe("started");
    const root = await otp.rootDir(remote);
    expect(root).toMatch(/^\//);
    expect(await otp.releasePlaces(remote)).toEqual({ root, releases: `${root}/releases` });
    expect(await otp.logLevel(remote)).toBe("notice");
    expect(await otp.leftSuspended(remote)).toEqual([]);
    expect(await otp.processesRunningOldCode(remote, ["lists", "no_such_module"])).toEqual([]);

    await otp.evaluate(node, 'os:putenv("RELDIR", "/one")');
    expect(await otp.releasePlaces(remote)).toEqual({ root, releases: "/one" });
    await otp.evaluate(node, 'application:set_env(sasl, releases_dir, "/other")');
    expect(await otp.releasePlaces(remote)).toEqual({ root, releases: "/other" });

    const children = await otp.whichChildren(remote, atom("kernel_sup"));
    const counts = await otp.countChildren(remote, atom("kernel_sup"));
    expect(counts.active).toBe(children.filter(({ pid }) => pid !== undefined).length);
    expect(children.some(({ type }) => type === "supervisor")).toBe(true);
  });

  it("compares loaded code with the disk, and finds who runs old code", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    await using node = await open(erl);
    const file = join(erl.home, "changing.erl");
    const compile = async (version: number): Promise<void> => {
      const text = `-module(changing).\n-export([loop/0]).\nloop() -> receive ${version} -> ok end.\n`;
      await writeFile(file, text);
      await otp.evaluate(
        node,
        `{ok, changing} = compile:file("${file}", [{outdir, "${erl.home}"}])`,
        { language: "erlang", timeout: 20_000 },
      );
    };
    await node.call(
      "code",
      "add_patha",
      [binary(erl.home)].map((path) => [...path]),
    );
    await compile(1);
    await otp.evaluate(node, "{module, changing} = code:load_file(changing)");
    const pid = (await node.call("erlang", "spawn", [atom("changing"), atom("loop"), []])) as Pid;
    const remote = otp.observer(node);
    const [same] = await otp.loadedAgainstDisk(remote, ["changing"]);
    expect(same).toEqual({ module: "changing", loaded: true, same: true });

    await compile(2);
    const [differs, other] = await otp.loadedAgainstDisk(remote, ["changing", "not_loaded_at_all"]);
    expect(differs).toEqual({ module: "changing", loaded: true, same: false });
    expect(other).toEqual({ module: "not_loaded_at_all", loaded: false, same: true });

    expect(await otp.processesRunningOldCode(remote, ["changing"])).toEqual([]);
    await otp.evaluate(node, "{module, changing} = code:load_file(changing)");
    const old = await otp.processesRunningOldCode(remote, ["changing", "lists"]);
    expect(old).toEqual([{ module: "changing", pids: [pid] }]);
  });

  it("finds suspended processes, hibernating ones too, and none that runs", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    await using node = await open(erl);
    const start = (options: string): Promise<Pid> =>
      otp.evaluate(node, `{ok, P} = gen_event:start([${options}]), P`) as Promise<Pid>;
    const sleepy = "{hibernate_after, 0}";
    const [awake, asleep, running] = [await start(""), await start(sleepy), await start(sleepy)];
    for (const pid of [awake, asleep]) await node.call("sys", "suspend", [pid]);
    const remote = otp.observer(node);
    const found = await otp.leftSuspended(remote);
    expect(found.map(String).sort()).toEqual([awake, asleep].map(String).sort());
    expect(found.map(String)).not.toContain(String(running));
    const among = await otp.leftSuspended(remote, { among: [asleep, running] });
    expect(among.map(String)).toEqual([String(asleep)]);
    await node.call("sys", "resume", [awake]);
    expect((await otp.leftSuspended(remote)).map(String)).toEqual([String(asleep)]);
  });

  it("terminates and restarts a child, twice if need be", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    await using node = await open(erl);
    const sup = atom("kernel_sup");
    const spec = "#{id => child, start => {gen_event, start_link, []}}";
    await otp.evaluate(node, `{ok, _} = supervisor:start_child(kernel_sup, ${spec}), ok`);
    const id = atom("child");
    expect(await otp.restartChild(node, sup, id)).toBeUndefined();
    expect(await otp.terminateChild(node, sup, id)).toBe(true);
    expect(await otp.terminateChild(node, sup, atom("no_such_child"))).toBe(false);
    expect(await otp.restartChild(node, sup, id)).toBeDefined();
    const unknown = atom("no_such_child");
    await expect(otp.restartChild(node, sup, unknown)).rejects.toMatchObject({
      code: "BEAM_REMOTE",
    });
  });

  it("says that sasl is not started", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    await using node = await open(erl);
    await expect(otp.whichReleases(node)).rejects.toMatchObject({
      code: "BEAM_UPGRADE",
      reason: "sasl_not_started",
      remedy: expect.stringContaining("sasl"),
    });
  });

  it("evaluates Erlang, and Elixir where the node has it", async () => {
    const files = await provision(set);
    await using erl = await startErl({ otp: files });
    await using node = await open(erl);
    expect(await otp.evaluate(node, "X = 20,\nX + 1")).toBe(21);
    expect(await otp.evaluate(node, "1 + 1.  ")).toBe(2);
    await expect(otp.evaluate(node, "1 +")).rejects.toThrow(otp.SourceError);
    await expect(otp.evaluate(node, "exit(no)")).rejects.toMatchObject({ kind: "exit" });

    await using iex = await startErl({ otp: files, elixir: ":ok" });
    await using elixir = await open(iex);
    expect(await otp.evaluate(elixir, "Enum.sum(1..3)")).toBe(6);
    expect(await otp.evaluate(elixir, "lists:sum([1,2]).", { language: "erlang" })).toBe(3);
    expect((await otp.systemInfo(otp.observer(elixir))).elixirVersion).toMatch(/^1\./);
  });

  it("writes a line into the node's log", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    await using node = await open(erl);
    await otp.log(node, "warning", "100 ~p % über");
    await erl.waitFor(/100 ~p % /);
  });
});

describe("files of the node", () => {
  it("are consulted, and judged without their contents leaving", async () => {
    await using erl = await startErl({ otp: await provision("otp25") });
    await using node = await open(erl);
    const remote = otp.observer(node);
    const folder = await mkdtemp(join(tmpdir(), "beamctl-files-"));
    try {
      const [good, bad] = [join(folder, "good"), join(folder, "bad")];
      await writeFile(good, '{a, 1}.\n["b"].\n');
      await writeFile(bad, "{a, 1.\n{secret\n");
      expect(await otp.consult(remote, good)).toHaveLength(2);
      expect(await otp.consultProblem(remote, good)).toBeUndefined();
      expect(await otp.consult(remote, join(folder, "none"))).toBeUndefined();
      expect(await otp.consultProblem(remote, join(folder, "none"))).toBe("enoent");
      await expect(otp.consult(remote, bad)).rejects.toThrow(otp.RemoteFileError);
      expect(await otp.consultProblem(remote, bad)).toMatch(/^line \d+ holds no terms$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
