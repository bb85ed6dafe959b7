/** What a node logs, what crashes on it and what is up on it, on several releases. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { type BeamNode, connect, RemoteError } from "../../src/node/index.ts";
import { evaluate as evaluateTerm, type LogEvent } from "../../src/otp/index.ts";
import { atom, inspect } from "../../src/term/index.ts";
import {
  AppNotStartedError,
  type CapturedLogs,
  CrashedError,
  captureLogs,
  evaluate,
  expectNoCrash,
  openFixture,
  waitForApp,
} from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";
import { startServers } from "./server.ts";

const given = (erl: BeamProcess) => ({
  node: erl.name,
  cookie: erl.cookie,
  address: `127.0.0.1:${erl.port}`,
});

describe.each(["otp23", "otp27", "otp29"] as const)("%s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  const on = (source: string) => evaluateTerm(node, source, { language: "erlang" });
  const filters = async () => inspect(await on("maps:get(filters, logger:get_primary_config())"));

  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    node = await connect(erl.name, given(erl));
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("captures what is logged while a function runs", async () => {
    const before = await filters();
    const events = await captureLogs(node, { level: "warning" }, () =>
      on('logger:warning("only ~p left", [2]), logger:notice("sold"), logger:error("none left")'),
    );
    expect(events.map(({ text }) => text)).toEqual(["only 2 left", "none left"]);
    const some = await captureLogs(node, { matching: /^only/g }, () =>
      on('logger:warning("only 1"), logger:error("none"), logger:error("only 0")'),
    );
    expect(some.map(({ text }) => text)).toEqual(["only 1", "only 0"]);
    const failed = captureLogs(node, {}, () => {
      throw new Error("the test failed");
    });
    await expect(failed).rejects.toThrow("the test failed");
    expect(await filters()).toBe(before);
  });

  it("waits for an event, past or to come", async () => {
    const before = await filters();
    {
      await using fixture = await openFixture(given(erl));
      const logs = await captureLogs(fixture);
      const later = logs.until("second");
      await on('logger:error("first")');
      expect((await logs.until(({ level }) => level === "error")).text).toBe("first");
      await on('logger:error("the second")');
      expect((await later).text).toBe("the second");
      expect((await logs.all()).map(({ text }) => text)).toEqual(["first", "the second"]);
      await expect(logs.until("third", { timeout: 20 })).rejects.toThrow(
        "a log event that matches third did not answer within 20 ms",
      );
    }
    expect(await filters()).toBe(before);
  });

  it("tells of crashes: of OTP's processes, of plain ones, and not of what is only logged", async () => {
    const before = await filters();
    const crash = (source: string, options = {}) => expectNoCrash(node, () => on(source), options);
    expect(inspect(await crash('logger:error("only logged"), 7'))).toBe("7");
    const died =
      "{Pid, Ref} = spawn_monitor(fun() -> lists:nth(0, []) end), receive {'DOWN', Ref, _, _, _} -> ok end";
    const plain = await crash(died).catch((error: unknown) => error);
    expect(plain).toBeInstanceOf(CrashedError);
    expect((plain as CrashedError).message).toMatch(
      /^one crash was reported on .*:\n- <0\.\d+\.\d+> process crash: function_clause \(.*lists.*\)$/,
    );
    const otp = await crash(
      "Pid = proc_lib:spawn(fun() -> exit({broken, secret}) end), Ref = monitor(process, Pid), receive {'DOWN', Ref, _, _, _} -> ok end",
    ).catch((error: unknown) => error);
    expect((otp as CrashedError).crashes).toMatchObject([
      { kind: "proc_lib crash", reason: "broken" },
    ]);
    expect((otp as CrashedError).message).not.toContain("secret");
    const except = ({ reason }: { reason: string | undefined }) => reason === "function_clause";
    expect(inspect(await crash(died, { except }))).toBe(":ok");
    expect(await filters()).toBe(before);
  });

  it("tells of a crash that comes a moment later, and of the work that failed by it", async () => {
    const later = expectNoCrash(
      node,
      () => on("spawn(fun() -> timer:sleep(20), error(late) end), ok"),
      { grace: 1_000 },
    );
    await expect(later).rejects.toThrow("process crash: late");
    await startServers(node, "doomed");
    const failed = expectNoCrash(node, () => node.genCall("doomed", atom("crash")));
    await expect(failed).rejects.toThrow(CrashedError);
    await expect(failed).rejects.toThrow(/the work failed too: the server doomed/);
    const cause = await failed.catch((error: CrashedError) => error.cause);
    expect(cause).toBeInstanceOf(RemoteError);
  });

  it("waits until an application is up", async () => {
    await waitForApp(node, "kernel");
    await on("spawn(fun() -> timer:sleep(150), application:start(sasl) end), ok");
    await waitForApp(node, "sasl");
    expect(inspect(await on("lists:keymember(sasl, 1, application:which_applications())"))).toBe(
      "true",
    );
  });

  it("tells why one is not", async () => {
    const failed = (app: string) =>
      waitForApp(node, app, { timeout: 60 }).catch((error: unknown) => error as AppNotStartedError);
    const unknown = await failed("nowhere");
    expect(unknown).toBeInstanceOf(AppNotStartedError);
    expect(unknown?.message).toMatch(
      /^nowhere is not up on t_.* after 60 ms: it is not loaded, and there is no \.app file of it on the code path\. Running: kernel, sasl, stdlib$/,
    );
    const spec = (modules: string) =>
      `ok = application:load({application, ${modules}, [{vsn, "1"}, {applications, [kernel, other]}, {mod, {${modules}, []}}]})`;
    await on(spec("needy"));
    expect((await failed("needy"))?.reasons).toEqual([
      "nobody has started it, or its start has failed: it is only loaded",
      "it needs what does not run: :other",
    ]);
    const [ssl] = (await failed("ssl"))?.reasons ?? [];
    expect(ssl).toBe("nobody has loaded it");
  });
});

describe("Elixir", () => {
  let erl: BeamProcess;
  let shop: BeamNode;
  beforeAll(async () => {
    erl = await startErl({
      otp: await provision("otp27"),
      elixir: "Application.ensure_all_started(:logger)",
    });
    shop = await connect(erl.name, given(erl));
  });
  afterAll(async () => {
    await shop?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("is watched alike", async () => {
    await waitForApp(shop, "logger");
    const events = await captureLogs(shop, { level: "warning" }, () =>
      evaluate(shop, 'require Logger; Logger.warning("only 2 left")'),
    );
    expect(events.map(({ text }) => text)).toEqual(["only 2 left"]);
    expect(
      await expectNoCrash(shop, () =>
        evaluate(shop, 'require Logger; Logger.error("no crash"); 7'),
      ),
    ).toBe(7);
    const crashed = expectNoCrash(shop, () =>
      evaluate(
        shop,
        '{pid, ref} = spawn_monitor(fn -> raise "boom" end); receive do {:DOWN, ^ref, _, _, _} -> pid end',
      ),
    );
    await expect(crashed).rejects.toThrow(/: Elixir\.RuntimeError/);
    const agent = expectNoCrash(shop, () =>
      evaluate(
        shop,
        '{:ok, pid} = Agent.start(fn -> 1 end); Agent.cast(pid, fn _ -> exit("text") end); ref = Process.monitor(pid); receive do {:DOWN, ^ref, _, _, _} -> pid end',
      ),
    );
    await expect(agent).rejects.toThrow(CrashedError);
  });
});

it("has types", () => {
  const node = {} as BeamNode;
  const during = () => captureLogs(node, {}, () => {});
  expectTypeOf(during).returns.resolves.toEqualTypeOf<readonly LogEvent[]>();
  const held = () => captureLogs(node, { level: "critical" });
  expectTypeOf(held).returns.resolves.toEqualTypeOf<CapturedLogs>();
  const seven = () => expectNoCrash(node, async () => 7);
  expectTypeOf(seven).returns.resolves.toEqualTypeOf<number>();
});
