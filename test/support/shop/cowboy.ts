/** Cowboy and Ranch for the shop, compiled for the OTP that is to run them. */

import { join } from "node:path";
import { cached, cachePath } from "../beam/cache.ts";
import { NoBeamError, type Otp, provisionRabbit } from "../beam/provision.ts";
import { SETS } from "../beam/sets.ts";
import { readSystem } from "../beam/system.ts";
import { unpack } from "../beam/unpack.ts";

// RabbitMQ 3.10 was compiled by OTP 24, whose code OTP 29 does not load.
const NEW = 29;

/** Resolves to a folder that is good as `ERL_LIBS`. */
export async function cowboyFor(otp: Otp): Promise<string> {
  if (otp.release < NEW) return (await provisionRabbit()).plugins; // with jsx beside them
  const system = await readSystem();
  if (system === undefined) throw new NoBeamError("RabbitMQ");
  const name = "cowboy29";
  const folder = cachePath(name, system.architecture);
  const { suites } = SETS.otp29;
  const spec = {
    suites,
    packages: [],
    alone: ["erlang-cowboy", "erlang-cowlib", "erlang-ranch"],
  };
  await cached(folder, (half) => unpack({ name, system, spec, folder: half, final: folder }));
  return join(folder, "root/usr/lib/erlang/lib");
}
