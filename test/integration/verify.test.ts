/** What an upgrade is compared with: everything that it should find, made to happen on a real node. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineInstruction, EDELIVER } from "../../src/instructions/index.ts";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate, whichReleases } from "../../src/otp/index.ts";
import { listeners } from "../../src/topology/index.ts";
import {
  rollbackRelease,
  UpgradeError,
  type UpgradeOptions,
  upgrade,
} from "../../src/upgrade/index.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

describe.runIf(await hasRabbit())("an upgrade is verified and", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let node: BeamNode;
  let state: string;

  beforeAll(async () => {
    given = await openShop("otp27");
    ({ node } = given);
    state = await mkdtemp(join(tmpdir(), "beamctl-verify-"));
  });
  afterAll(async () => {
    await given?.[Symbol.asyncDispose]();
    if (state) await rm(state, { recursive: true, force: true });
  });
  afterEach(async () => {
    if ((await running()) !== "0.1.0") await rollbackRelease(node, { stateDirectory: state });
    expect(await running()).toBe("0.1.0");
    const filters = await erlang(
      '[Id || {Id, _} <- maps:get(filters, logger:get_primary_config()), lists:prefix("beamctl", atom_to_list(Id))]',
    );
    expect(filters).toEqual([]);
  });

  const erlang = (text: string) => evaluate(node, text, { language: "erlang" });
  const running = async () => {
    const releases = await whichReleases(node);
    return (
      releases.find(({ status }) => status === "current") ??
      releases.find(({ status }) => status === "permanent")
    )?.version;
  };
  const run = (options: UpgradeOptions) =>
    upgrade(node, "0.2.0", { stateDirectory: state, permanent: false, ...options });
  const failure = async (options: UpgradeOptions): Promise<UpgradeError> => {
    const error = await Promise.resolve(run(options)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UpgradeError);
    return error as UpgradeError;
  };
  /** An instruction behind the install that does this on the node. */
  const later = (text: string) =>
    defineInstruction({ name: "Test.Later", run: async () => void (await erlang(text)) });
  const item = (error: UpgradeError, what: string) =>
    error.verified?.items.findLast((one) => one.what === what);

  it("a listener that has lost acceptors is a failure, and the version does not become permanent", async () => {
    const lose = later(`
      [{_, Sup} | _] = ranch_server:get_listener_sups(),
      {_, Acceptors, _, _} = lists:keyfind(ranch_acceptors_sup, 1, supervisor:which_children(Sup)),
      [{Id, _, _, _} | _] = supervisor:which_children(Acceptors),
      ok = supervisor:terminate_child(Acceptors, Id)`);
    const error = await failure({ plan: [...EDELIVER, lose], permanent: true });
    expect(error).toMatchObject({ stage: "verify", outcome: "changed" });
    expect(error.message).toContain(
      "listeners: Shop.Endpoint.HTTP is partial, before it was running",
    );
    expect(error.remedy).toContain("beamctl release rollback");
    expect(item(error, "listeners")).toMatchObject({
      at: "resumed",
      result: "failed",
      about: ["Shop.Endpoint.HTTP"],
    });
    const [listener] = await listeners(node);
    const { supervisor, id } = listener?.acceptors.find(({ pid }) => pid === undefined) ?? {};
    await node.call("supervisor", "restart_child", [supervisor ?? 0, id ?? 0]);
  });

  it("a process that no child specification names is told as passed over, and it goes back by itself", async () => {
    await erlang(
      "spawn(fun() -> {ok, _} = gen_server:start({local, stray}, 'Elixir.Shop.Counter', [], []) end), timer:sleep(100)",
    );
    const error = await failure({ permanent: true, rollbackOnFailure: true });
    expect(error).toMatchObject({ stage: "verify", outcome: "rolled back" });
    expect(error.message).toMatch(
      /processes: 1 processes of Shop.Counter stand in no child specification.*; 0.1.0 runs again$/,
    );
    expect(error.report).toMatchObject({
      result: "failed",
      permanent: false,
      failure: { stage: "verify", outcome: "rolled back", message: error.message },
    });
    await erlang("exit(whereis(stray), kill)");
    expect(await running()).toBe("0.1.0");
  });

  it("errors and restarts since are told without a word of a state, and fail the soak when they are of changed modules", async () => {
    const crash = later("gen_server:cast('Elixir.Shop.Counter', {secret, word}), timer:sleep(300)");
    const report = await run({ plan: [...EDELIVER, crash] });
    const found = (what: string) => report.verified.items.find((one) => one.what === what);
    expect(report.verified.ok).toBe(true);
    expect(found("restarts")).toMatchObject({
      result: "warning",
      found: "supervisors have restarted Shop.Counter",
    });
    expect(found("crashes")).toMatchObject({ result: "warning", about: ["Elixir.Shop.Counter"] });
    expect(found("crashes")?.found).toMatch(
      /^the node has logged \d errors, \d of them of changed modules: .*function_clause/,
    );
    expect(JSON.stringify(report)).not.toContain("secret");
    await rollbackRelease(node, { stateDirectory: state });
    const soaking = run({ soak: 3_000, permanent: true });
    const failed = (async () => {
      for await (const event of soaking) {
        if (event.type === "stage" && event.stage === "soak" && event.state === "start") {
          await erlang("gen_server:cast('Elixir.Shop.Counter', {secret, word})");
        }
      }
    })();
    await expect(failed).rejects.toMatchObject({ stage: "soak", outcome: "changed" });
    expect((await whichReleases(node)).find(({ status }) => status === "permanent")?.version).toBe(
      "0.1.0",
    );
  });

  it("a soak without trouble ends with all items looked at again", async () => {
    const report = await run({ soak: 1_000 });
    expect(report.verified.items.filter(({ at }) => at === "soak").map(({ what }) => what)).toEqual(
      ["listeners", "channels", "restarts", "crashes"],
    );
    expect(report.verified.ok).toBe(true);
  });

  it("what is permanent is not rolled back", async () => {
    await expect(Promise.resolve(rollbackRelease(node))).rejects.toMatchObject({
      outcome: "unchanged",
      message: "0.1.0 runs and is permanent: there is nothing to roll back",
    });
  });
});
