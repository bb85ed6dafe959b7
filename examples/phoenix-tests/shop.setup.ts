/** One Phoenix for all test files: the one that the environment names, or else a release that is started here and ends with the run. */

import { startRelease } from "beamctl/testing";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const { env } = process;
  if (env["BEAMCTL_TEST_NODE"] !== undefined) return undefined;
  const releasePath = env["SHOP_RELEASE"];
  if (releasePath === undefined) {
    throw new Error("no Phoenix to test: set BEAMCTL_TEST_NODE or SHOP_RELEASE, as README.md says");
  }
  const [port, dist] = ["4017", "9117"];
  const shop = await startRelease({
    releasePath,
    port: Number(dist),
    env: {
      PORT: port,
      SHOP_IP: "127.0.0.1",
      SHOP_DIST_PORT: dist, // its rel/env.sh.eex sets the port of the distribution, and wins
      SECRET_KEY_BASE: "only-for-tests".repeat(5),
      DATABASE_URL: env["DATABASE_URL"] ?? "ecto://postgres:postgres@127.0.0.1/shop_e2e",
      LOG_LEVEL: "warning",
    },
    readyWhen: "shop",
  });
  env["BEAMCTL_TEST_NODE"] = shop.name;
  env["BEAMCTL_TEST_COOKIE"] = shop.cookie;
  env["BEAMCTL_TEST_ADDRESS"] = `127.0.0.1:${dist}`;
  env["SHOP_HTTP"] = `http://127.0.0.1:${port}`;
  return () => shop.stop();
}
