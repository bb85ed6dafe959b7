/** A test that holds all that can be held when its runner is killed. */

import * as runner from "node:test";
import {
  captureLogs,
  suspendDuring,
  useNode,
  withAppEnv,
  withLogLevel,
  withProcessFlag,
  withSystemFlag,
} from "../../../src/testing/index.ts";

const shop = useNode({}, runner);

void runner.test("holds", async () => {
  await withAppEnv(shop, "kernel", { greeting: "hello" });
  await withAppEnv(shop, "kernel", { greeting: "hi" });
  await withLogLevel(shop, "emergency");
  await withSystemFlag(shop, "fullsweep_after", 7);
  await withProcessFlag(shop, "shop_stock", "priority", "low");
  await captureLogs(shop);
  await suspendDuring(shop, "shop_cart", async () => {
    process.stdout.write("held\n");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
});
