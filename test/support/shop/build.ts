/** Builds the shop fixture as a release, once for its sources and OTP; kept in the user's cache. */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cached, cachePath } from "../beam/cache.ts";
import { digest } from "../beam/digest.ts";
import { finished, progress } from "../beam/progress.ts";
import type { Otp } from "../beam/provision.ts";
import { run } from "../beam/run.ts";
import { cowboyFor } from "./cowboy.ts";

/** The versions of the shop; test/fixtures/shop/README.md says what is special about each. */
export type ShopVersion = "0.1.0" | "0.2.0" | "0.3.0" | "0.4.0";

/** What to build. */
export interface BuildOptions {
  readonly otp: Otp;
  readonly version: ShopVersion;
  /** Whether the release handler is part of the release. Default `true`. */
  readonly sasl?: boolean;
  /** Whether it is what `mix release` alone makes, with a runtime.exs and an appup. Default `false`. */
  readonly plain?: boolean;
}

const SOURCES = fileURLToPath(new URL("../../fixtures/shop", import.meta.url));

// Versions that can be reached from 0.1.0, and left for it, by a relup.
const WITH_RELUP: readonly ShopVersion[] = ["0.2.0", "0.4.0"];

/** Resolves to the folder of the finished release: `erts-*`, `lib` and `releases`. About a second when it must be built. */
export async function buildShop(options: BuildOptions): Promise<string> {
  const { otp, version, sasl = true, plain = false } = options;
  const kind = `${sasl ? "" : "-no-sasl"}${plain ? "-plain" : ""}`;
  const name = `shop-otp${otp.release}-${version}${kind}-${await digest(SOURCES, otp)}`;
  const folder = cachePath(name, process.arch);
  await cached(folder, (half) => assemble(half, options));
  return join(folder, "release");
}

/** Assembles the release in `folder/release`; resolves to its version. */
async function assemble(folder: string, options: BuildOptions): Promise<ShopVersion> {
  const { otp, version, sasl = true, plain = false } = options;
  const relup = !plain && WITH_RELUP.includes(version);
  const base = relup ? await buildShop({ otp, version: "0.1.0", sasl }) : undefined;
  const libraries = await cowboyFor(otp);
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  progress(`shop ${version}`, "building");
  await run(otp.bin("mix"), ["release", "--quiet", "--path", join(folder, "release")], {
    cwd: SOURCES,
    env: {
      ...process.env,
      ...otp.env,
      HOME: scratch,
      TMPDIR: scratch, // Mix keeps locks there, which another user of this machine may own
      MIX_HOME: scratch,
      MIX_BUILD_PATH: join(scratch, "build"),
      MIX_ENV: "prod",
      ERL_LIBS: libraries,
      SHOP_VERSION: version,
      SHOP_SASL: sasl ? "yes" : "no",
      SHOP_PLAIN: plain ? "yes" : "no",
      SHOP_BASE: base,
    },
  });
  await rm(scratch, { recursive: true });
  finished(`shop ${version}`, "built");
  return version;
}
