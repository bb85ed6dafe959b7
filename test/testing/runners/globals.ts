/** A test file of a user whose runner has its hooks as globals, as jest does. */

import { evaluate, useNode, withAppEnv } from "../../../src/testing/index.ts";

declare const test: (name: string, work: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toEqual: (other: unknown) => void };

const shop = useNode();

const greeting = () => evaluate(shop, "application:get_env(kernel, greeting)", { as: "js" });

test("greets", async () => {
  await withAppEnv(shop, "kernel", { greeting: "hello" }); // taken back after the test
  expect(await greeting()).toEqual(["ok", "hello"]);
});

test("has forgotten the greeting", async () => {
  expect(await greeting()).toEqual(undefined);
});
