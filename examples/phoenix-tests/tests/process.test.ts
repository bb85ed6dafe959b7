import { atom } from "beamctl/term";
import { expectNoCrash, process, term, waitForApp } from "beamctl/testing";
import { expect, test } from "vitest";
import { http, useShop } from "./shop.ts";

const shop = useShop();
const visit = async () => (await fetch(http, { headers: { connection: "close" } })).text();

test("the counter's state, looked at while it runs", async () => {
  const counter = process(shop, "Shop.Counter");
  await counter.replaceState(7, { revert: true });
  expect(await visit()).toContain("visit 8");
  await counter.state(term`8`);
});

test("the counter crashes: it is started again, and nothing else dies", async () => {
  const counter = process(shop, "Shop.Counter");
  const outcome = await counter.crash("kill");
  expect(outcome.decision).toBe("restarted");
  outcome.expectOnlyThatDied();
  await waitForApp(shop, "shop");
  expect(await counter.call(atom("value"))).toBe(0);
});

test("a visit crashes nothing", async () => {
  expect(await expectNoCrash(shop, visit)).toContain("visit");
});
