/** The shop as `mix release` alone makes it: its package, and what its boot script puts into the environment. */

import { join } from "node:path";
import type { Otp } from "../beam/provision.ts";
import { run } from "../beam/run.ts";
import { buildShop, type ShopVersion } from "./build.ts";

/** What runtime.exs reads, and must never be seen outside of the node. */
export const SHOP_SECRET = "a-secret-of-the-plain-shop";

/** What `bin/shop start` exports, and the values of runtime.exs. */
export function plainEnvironment(
  root: string,
  version: string,
  httpPort: number,
): Record<string, string> {
  return {
    RELEASE_ROOT: root,
    RELEASE_SYS_CONFIG: join(root, "releases", version, "sys"),
    SHOP_PORT: String(httpPort),
    SHOP_SECRET,
  };
}

/** Makes the package of a version in `folder`, as the step `:tar` of mix does, and with what this fixture shares left out; resolves to its path. */
export async function packPlain(otp: Otp, version: ShopVersion, folder: string): Promise<string> {
  const release = await buildShop({ otp, version, plain: true });
  const tarball = join(folder, `shop-${version}.tar.gz`);
  const parts = [`lib/shop-${version}`, `releases/${version}`, "releases/start_erl.data"];
  await run("tar", ["-czf", tarball, "-C", release, ...parts]);
  return tarball;
}
