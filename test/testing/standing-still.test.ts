/** Processes and listeners that stand still for a test, on real nodes: and run again, whatever happens to the test. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { TimeoutError, UsageError } from "../../src/errors.ts";
import { type BeamNode, connect, NoProcessError } from "../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../src/otp/index.ts";
import { atom, type Pid } from "../../src/term/index.ts";
import { freezeListener, StandStillError, suspendDuring } from "../../src/testing/index.ts";
import { listeners } from "../../src/topology/index.ts";
import { type BeamProcess, hasRabbit, provision, startErl } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";
import { startServers } from "./server.ts";

describe.each(["otp23", "otp27", "otp29"] as const)("suspendDuring on %s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  const open = () => connect(erl.name, { cookie: erl.cookie, address: `127.0.0.1:${erl.port}` });
  const on = (source: string) => evaluate(node, source, { language: "erlang" });
  const ask = (name = "shop_cart") => node.genCall(name, atom("total"), { timeout: 100 });

  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    node = await open();
    await startServers(node, "shop_cart", "shop_stock", "mortal", "busy");
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("holds while a function runs, and gives its result", async () => {
    expect(await ask()).toBe(7);
    const names = ["shop_cart", "shop_stock"];
    const seven = await suspendDuring(node, names, async () => {
      await expect(ask()).rejects.toThrow(TimeoutError);
      expect(await leftSuspended(node)).toHaveLength(2);
      return 7;
    });
    expect(seven).toBe(7);
    expect(await leftSuspended(node)).toEqual([]);
    expect(await ask()).toBe(7);
    const cart = (await on("whereis(shop_cart)")) as Pid;
    await suspendDuring(
      node,
      async () => [cart],
      async () => {
        expect(await leftSuspended(node)).toEqual([cart]);
      },
    );
  });

  it("gives back when the function throws, when the process has ended, and when the link is lost", async () => {
    const failed = suspendDuring(node, "shop_cart", () => {
      throw new Error("the test failed");
    });
    await expect(failed).rejects.toThrow("the test failed");
    expect(await leftSuspended(node)).toEqual([]);
    await suspendDuring(node, "mortal", async () => {
      await on("exit(whereis(mortal), kill)");
    });
    const other = await open();
    await suspendDuring(other, "shop_cart", async () => {
      expect(await leftSuspended(node)).toHaveLength(1);
      await other.close();
      await expect.poll(() => leftSuspended(node)).toEqual([]);
    });
  });

  it("resumes by the node itself when the keeper is killed", async () => {
    await suspendDuring(
      node,
      "shop_cart",
      async () => {
        expect(await leftSuspended(node)).toHaveLength(1);
        await expect.poll(() => leftSuspended(node)).toEqual([]);
      },
      { cap: 100 },
    );
  });

  it("refuses all when one may not stand still", async () => {
    await on("register(plain, spawn(fun() -> receive stop -> ok end end))");
    const names = ["shop_cart", "kernel_sup", "plain"];
    let ran = false;
    const failed = await suspendDuring(node, names, () => {
      ran = true;
    }).catch((error: unknown) => error);
    expect(ran).toBe(false);
    expect(failed).toBeInstanceOf(StandStillError);
    const { refused, message } = failed as StandStillError;
    expect(refused.map(({ reason }) => reason).sort()).toEqual(["denied", "not_otp"]);
    expect(message).toMatch(
      /^cannot suspend <0\.\d+\.\d+> \(\w+\), <0\.\d+\.\d+> \(\w+\); nothing stands still$/,
    );
    await expect(suspendDuring(node, ["shop_cart", "nobody"], () => {})).rejects.toThrow(
      NoProcessError,
    );
    expect(await leftSuspended(node)).toEqual([]);
  });

  it("leaves alone what somebody else has suspended, and what does not answer in time", async () => {
    const cart = (await on("whereis(shop_cart)")) as Pid;
    await suspendDuring(node, "shop_cart", async () => {
      await expect(suspendDuring(node, "shop_cart", () => {})).rejects.toThrow("already_suspended");
      expect(await leftSuspended(node)).toEqual([cart]);
    });
    await on(
      "Self = self(), spawn(fun() -> sys:replace_state(busy, fun(S) -> Self ! held, receive go -> S end end, infinity) end), receive held -> ok end",
    );
    await expect(suspendDuring(node, ["busy", "shop_cart"], () => {})).rejects.toThrow("(timeout)");
    node.send("busy", atom("go"));
    await expect.poll(() => leftSuspended(node)).toEqual([]);
    await expect.poll(() => ask("busy").catch(() => 0)).toBe(7);
    expect(await leftSuspended(node)).toEqual([]);
  });
});

describe.runIf(await hasRabbit())("freezeListener", () => {
  let shop: ShopNode;
  let node: BeamNode;
  const get = (ms: number) =>
    fetch(`http://127.0.0.1:${shop.httpPort}/health`, {
      signal: AbortSignal.timeout(ms),
      headers: { connection: "close" },
    });

  const open = () =>
    connect(shop.name, { cookie: shop.cookie, address: `127.0.0.1:${shop.distPort}` });
  beforeAll(async () => {
    shop = await startShop({ otp: await provision("otp27"), acceptors: 3 });
    node = await open();
  });
  afterAll(async () => {
    await node?.close();
    await shop?.[Symbol.asyncDispose]();
  });
  const status = async () => (await listeners(node)).map((one) => one.status);

  it("makes new clients wait, and serves them afterwards", async () => {
    const waiting = await freezeListener(node, shop.httpPort, async () => {
      expect(await status()).toEqual(["held"]);
      await expect(get(100)).rejects.toThrow("timeout");
      return { answer: get(5_000) };
    });
    expect((await waiting.answer).status).toBe(200);
    expect(await status()).toEqual(["running"]);
  });

  it("is found by name or ref too, and gives back when the link is lost", async () => {
    const [found] = await listeners(node);
    const { name, ref } = found as NonNullable<typeof found>;
    await freezeListener(node, name, async () => expect(await status()).toEqual(["held"]));
    const other = await open();
    await freezeListener(other, { ref }, async () => {
      expect(await status()).toEqual(["held"]);
      await other.close();
      await expect.poll(status).toEqual(["running"]);
    });
    await freezeListener(node, name, () => expect.poll(status).toEqual(["running"]), {
      cap: 100,
    }).catch((error: unknown) => expect(error).toHaveProperty("reason", "killed"));
  });

  it("names the listeners that there are", async () => {
    const failed = freezeListener(node, "nothing", () => {});
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(`there is no listener nothing; there are`);
    await expect(failed).rejects.toThrow(`(port ${shop.httpPort})`);
  });
});

it("has types", () => {
  const node = {} as BeamNode;
  const seven = () => suspendDuring(node, "shop", async () => 7);
  expectTypeOf(seven).returns.resolves.toEqualTypeOf<number>();
  const text = () => freezeListener(node, 4000, () => "text");
  expectTypeOf(text).returns.resolves.toEqualTypeOf<string>();
});
