/** A live Phoenix as it looks from outside: called, its tree, listeners, connections, channels with topics, presence. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CookieRefusedError, WrongNodeNameError } from "../../src/dist/index.ts";
import { RemoteError } from "../../src/node/index.ts";
import { evaluate, observer, systemInfo } from "../../src/otp/index.ts";
import { inspect } from "../../src/term/index.ts";
import {
  channels,
  connections,
  listeners,
  type SupervisionNode,
  supervisionTree,
} from "../../src/topology/index.ts";
import { Cli } from "../support/cli/run.ts";
import { Live } from "../support/phoenix/live.ts";
import { NO_SHOP, type OpenShop, openShop, SHOPS } from "../support/phoenix/open.ts";
import { request } from "../support/phoenix/requests.ts";
import { Rooms } from "../support/phoenix/rooms.ts";
import { connectPhoenix } from "../support/phoenix-target.ts";

const COUNTER = "Elixir.Shop.Counter";

describe.skipIf(NO_SHOP).each(SHOPS)("$label", ({ target, server }) => {
  let shop: OpenShop;
  beforeAll(async () => {
    shop = await openShop(target);
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  it("is the server that it was given as", async () => {
    const { body } = await request(target, "/version");
    const told = JSON.parse(body) as Record<string, unknown>;
    expect(told).toMatchObject({ node: target.node, version: "0.1.0" });
    if (server !== undefined) expect(told["server"]).toBe(server);
    expect(await systemInfo(shop.node)).toMatchObject({
      otpRelease: told["otp"],
      elixirVersion: told["elixir"],
    });
  });

  it("is called, and what it raises is told", async () => {
    const visits = (await shop.node.call(COUNTER, "value", [])) as number;
    expect((await request(target, "/")).body).toBe(`shop, visit ${visits + 1}`);
    expect(await shop.node.call(COUNTER, "value", [])).toBe(visits + 1);
    expect(await evaluate(shop.node, "Shop.Counter.value() - 1")).toBe(visits);
    const raised = shop.node.call(COUNTER, "nothing", []);
    await expect(raised).rejects.toThrow(RemoteError);
    await expect(raised).rejects.toThrow(/undef/);
    const { stdout, code } = await shop.cli.run(["rpc", "Shop.Counter.value()"]);
    expect([stdout, code]).toEqual([`${visits + 1}\n`, 0]);
  });

  it("has a tree, to the children of its endpoint", async () => {
    const [tree] = await supervisionTree(observer(shop.node), { application: "shop" });
    const named = (node: SupervisionNode | undefined, id: string) =>
      node?.children.find((child) => child.id === id);
    expect(tree?.children.map(({ id }) => id)).toEqual([
      "Shop.Repo",
      "Phoenix.PubSub.Supervisor",
      "Shop.Counter",
      "Oban",
      "ShopWeb.Presence",
      "ShopWeb.Endpoint",
    ]);
    expect(named(tree, "Shop.Counter")).toMatchObject({ type: "worker", answered: true });
    const endpoint = named(tree, "ShopWeb.Endpoint");
    expect(endpoint?.children.map(({ id }) => id)).toContain("ShopWeb.UserSocket");
    const { stdout } = await shop.cli.run(["tree", "shop"]);
    expect(stdout).toContain("├─ Shop.Counter <");
  });

  it("has one listener, where the requests go", async () => {
    const found = await listeners(observer(shop.node));
    expect(found).toMatchObject([{ status: "running", application: "shop" }]);
    expect(found[0]?.kind).toMatch(/^(ranch2|thousand_island)$/);
    expect(found[0]?.acceptors.length).toBeGreaterThan(0);
    const { stdout } = await shop.cli.run(["listeners", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject([{ name: found[0]?.name, status: "running" }]);
  });

  it("has channels and LiveViews with their topics, each on a websocket", async () => {
    using _rooms = await Rooms.open(target, 4, "room:red", "room:blue");
    using _live = await Live.open(target);
    const found = await channels(observer(shop.node));
    if (found === "not_detected") throw new Error(found);
    const told = found.map(({ topic, module }) => `${module} ${topic?.replace(/phx-.*/, "phx")}`);
    expect(told.toSorted()).toEqual([
      "ShopWeb.CounterLive lv:phx",
      ...Array<string>(2).fill("ShopWeb.RoomChannel room:blue"),
      ...Array<string>(2).fill("ShopWeb.RoomChannel room:red"),
    ]);
    const sockets = (await connections(observer(shop.node))).connections;
    const carriers = sockets.filter((one) => one.channels.length > 0);
    expect(carriers).toHaveLength(5);
    for (const { kind, stop } of carriers) expect([kind, stop]).toEqual(["websocket", "suspend"]);
    const { stdout } = await shop.cli.run(["chan", "ls"]);
    for (const topic of ["room:red", "room:blue", "lv:phx-"]) expect(stdout).toContain(topic);
  });

  it("has a request that runs, told from an idle connection", async () => {
    const slow = request(target, "/slow?ms=3000");
    await expect
      .poll(async () => (await connections(shop.node)).connections.map(({ kind }) => kind))
      .toContain("http-busy");
    expect(await slow).toMatchObject({ status: 200, body: "slept 3000" });
  });

  it("knows who is in a room", async () => {
    using _rooms = await Rooms.open(target, 3, "room:green");
    const names = 'ShopWeb.Presence.list("room:green") |> Map.keys() |> Enum.sort()';
    await expect
      .poll(async () => inspect(await evaluate(shop.node, names)))
      .toBe('["ann0", "ann1", "ann2"]');
  });

  it("refuses a wrong cookie, and a wrong name is told the right one", async () => {
    const cookie = "not-the-cookie";
    const refused = await connectPhoenix(target, { cookie }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CookieRefusedError);
    expect(refused).toMatchObject({ code: "BEAM_AUTH", remedy: expect.any(String) });
    expect(String(refused)).not.toContain(cookie);
    await using cli = await Cli.for({ name: target.node, address: target.address, cookie });
    const { stderr, code } = await cli.run(["ping"]);
    expect(stderr).toMatch(/refused the cookie/);
    expect(code).toBe(77);
    if (target.address === undefined) return;
    const other = target.node.replace(/^[^@]*/, "nobody");
    const wrong = connectPhoenix({ ...target, node: other });
    await expect(wrong).rejects.toThrow(WrongNodeNameError);
    await expect(wrong).rejects.toMatchObject({ actual: target.node });
  });
});
