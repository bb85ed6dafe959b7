/** What the guide docs/testing.md does with a Phoenix, and examples/phoenix-tests, as they stand there, on the release `e2e`. */

import { describe, expect, it } from "vitest";
import { exampleFiles } from "../support/guide/example.ts";
import { makeGuide, runVitest } from "../support/guide/guide.ts";
import { Project } from "../support/guide/project.ts";
import { phoenixTarget } from "../support/phoenix-target.ts";

const target = phoenixTarget("E2E");
const env = {
  BEAMCTL_TEST_NODE: target?.node,
  BEAMCTL_TEST_ADDRESS: target?.address,
  BEAMCTL_TEST_COOKIE: target?.cookie,
  BEAMCTL_TEST_COOKIE_FILE: undefined,
  SHOP_HTTP: target?.http,
};

describe.skipIf(target === undefined)("a live Phoenix", () => {
  it("does what the guide says", async () => {
    const guide = await makeGuide();
    await using _ = guide.project;
    const { output, code } = await runVitest(guide, ["phoenix.test.ts"], env);
    expect(output).toMatch(/Test Files +1 passed \(1\)/);
    expect(code).toBe(0);
  });

  it("passes the tests of the example project", async () => {
    await using project = await Project.make(await exampleFiles());
    await project.link("beamctl", "vitest", "ws", "phoenix");
    const { output, code } = await runVitest({ project }, [], env);
    expect(output).toMatch(/Test Files +3 passed \(3\)/);
    expect(code).toBe(0);
  });
});
