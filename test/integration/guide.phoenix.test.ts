/** What the guide docs/testing.md does with a Phoenix, as it stands there, on the release `e2e`. */

import { expect, it } from "vitest";
import { makeGuide, runVitest } from "../support/guide/guide.ts";
import { phoenixTarget } from "../support/phoenix-target.ts";

const target = phoenixTarget("E2E");

it.skipIf(target === undefined)("runs with vitest", async () => {
  const guide = await makeGuide();
  await using _ = guide.project;
  const { output, code } = await runVitest(guide, ["phoenix.test.ts"], {
    BEAMCTL_TEST_NODE: target?.node,
    BEAMCTL_TEST_ADDRESS: target?.address,
    BEAMCTL_TEST_COOKIE: target?.cookie,
    BEAMCTL_TEST_COOKIE_FILE: undefined,
    SHOP_HTTP: target?.http,
  });
  expect(output).toMatch(/Test Files +1 passed \(1\)/);
  expect(code).toBe(0);
});
