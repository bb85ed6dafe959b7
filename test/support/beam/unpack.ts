/** Makes a set out of packages: downloads them, unpacks them into one folder, and checks what came out. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { download } from "./apt.ts";
import { finished, notice, progress } from "./progress.ts";
import { run } from "./run.ts";
import type { SetSpec } from "./sets.ts";
import type { System } from "./system.ts";
import { setAside, writeWrappers } from "./wrappers.ts";

/** What to make and where. */
export interface Unpacking {
  readonly name: string;
  readonly system: System;
  readonly spec: SetSpec;
  /** The folder to work in. */
  readonly folder: string;
  /** The path that the folder will have. */
  readonly final: string;
}

/** Unpacks the set; resolves to the OTP release it reports, 0 for a set without an OTP. */
export async function unpack(work: Unpacking): Promise<number> {
  const { name, spec, folder } = work;
  const started = performance.now();
  try {
    const packages = await fetch(work);
    progress(name, "unpacking");
    const root = join(folder, "root");
    for (const file of packages) await run("dpkg-deb", ["-x", file, root]);
    await rm(join(folder, "apt"), { recursive: true });
    for (const waste of ["doc", "man", "locale", "info"]) {
      await rm(join(root, "usr/share", waste), { recursive: true, force: true });
    }
    // Unpacked as root, a set-uid program would stay one, and never get its security fixes.
    const setUid = (await run("find", [root, "-type", "f", "-perm", "/6000"])).split("\n");
    for (const file of setUid.filter((path) => path !== "")) await run("chmod", ["ug-s", file]);
    const release = spec.release === undefined ? 0 : await makeOtp(work);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    finished(name, `${release === 0 ? "" : `OTP ${release} `}ready in ${seconds} s`);
    return release;
  } catch (error) {
    finished(name, "failed");
    throw error;
  }
}

/** Downloads from the first archive and suite that has the packages. */
async function fetch({ name, system, spec, folder }: Unpacking): Promise<string[]> {
  const errors: Error[] = [];
  for (const source of system.archives) {
    for (const suite of system.id === "debian" ? spec.suites : [system.codename]) {
      const own = join(folder, "apt");
      await rm(own, { recursive: true, force: true });
      progress(name, `downloading from ${suite}`);
      try {
        return await download({
          source,
          suite,
          architecture: system.architecture,
          origin: system.id,
          packages: spec.packages,
          alone: spec.alone,
          folder: own,
          notice: (text) => notice(name, text),
          progress: (percent) => progress(name, `downloading from ${suite}`, percent),
        });
      } catch (error) {
        errors.push(error as Error);
      }
    }
  }
  const reasons = errors.map((error) => error.message).join("\n");
  throw new AggregateError(
    errors,
    `cannot download ${name} from this machine's archive:\n${reasons}`,
  );
}

async function makeOtp({ system, spec, folder, final }: Unpacking): Promise<number> {
  await setAside(folder);
  await writeWrappers(folder, folder);
  const release = await reportedRelease(join(folder, "bin", "erl"));
  const wanted = spec.release;
  const fits = release === wanted?.number || (wanted?.orNewer && release > wanted.number);
  if (system.id === "debian" && !fits) {
    throw new Error(`wanted OTP ${wanted?.number}, but ${spec.suites.join(", ")} has ${release}`);
  }
  await writeWrappers(folder, final);
  return release;
}

/** The OTP release that an `erl` says it is. */
export async function reportedRelease(erl: string): Promise<number> {
  const show = "io:put_chars(erlang:system_info(otp_release)), halt().";
  return Number(await run(erl, ["-noinput", "-boot", "start_clean", "-eval", show]));
}
