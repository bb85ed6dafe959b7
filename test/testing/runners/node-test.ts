/** A test file of a user of node:test, run by it against the node in the environment. */

import assert from "node:assert/strict";
import * as runner from "node:test";
import { evaluate, useNode, withAppEnv } from "../../../src/testing/index.ts";

const shop = useNode({}, runner);

const greeting = () => evaluate(shop, "application:get_env(kernel, greeting)", { as: "js" });

void runner.test("greets", async () => {
  await withAppEnv(shop, "kernel", { greeting: "hello" }); // taken back after the test
  assert.deepEqual(await greeting(), ["ok", "hello"]);
});

void runner.test("has forgotten the greeting", async () => {
  assert.equal(await greeting(), undefined);
});

void runner.describe("a suite", () => {
  void runner.it("shares the node", async () => {
    await withAppEnv(shop, "kernel", { greeting: "hi" });
    assert.deepEqual(await greeting(), ["ok", "hi"]);
  });
});

if (process.env["SHOP_FAILS"] !== undefined) {
  void runner.test("cannot be cleaned", () => {
    shop.own({ [Symbol.asyncDispose]: () => Promise.reject(new Error("stuck for ever")) });
  });
}
