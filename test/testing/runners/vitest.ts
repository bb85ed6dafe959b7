/** A test file of a user of vitest, run by it against the node in the environment. */

import * as vitest from "vitest";
import { expect, test } from "vitest";
import { evaluate, useNode, withAppEnv } from "../../../src/testing/index.ts";

const shop = useNode({}, vitest);

const greeting = () => evaluate(shop, "application:get_env(kernel, greeting)", { as: "js" });

test("greets", async () => {
  await withAppEnv(shop, "kernel", { greeting: "hello" }); // taken back after the test
  expect(await greeting()).toEqual(["ok", "hello"]);
});

test("has forgotten the greeting", async () => {
  expect(await greeting()).toBeUndefined();
});

test.runIf(process.env["SHOP_FAILS"])("cannot be cleaned", () => {
  shop.own({ [Symbol.asyncDispose]: () => Promise.reject(new Error("stuck for ever")) });
});
