/** What this machine is, as far as packages go. */

import { readFile } from "node:fs/promises";
import { run } from "./run.ts";
import { type AptSource, mainArchives, readSources } from "./sources.ts";

/** A machine with apt and an archive it trusts. */
export interface System {
  /** The distribution, as `debian`. */
  readonly id: string;
  readonly codename: string;
  /** dpkg's name of it, as `amd64`. */
  readonly architecture: string;
  /** Where its main archive may be had, likeliest first. */
  readonly archives: readonly AptSource[];
}

let known: Promise<System | undefined> | undefined;

/** This machine; undefined where apt cannot be used, or `BEAMCTL_TEST_BEAM=host` asks for what is on the PATH. */
export function readSystem(): Promise<System | undefined> {
  known ??= read();
  return known;
}

async function read(): Promise<System | undefined> {
  if (process.env["BEAMCTL_TEST_BEAM"] === "host") return undefined;
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string): string =>
    new RegExp(`^${name}="?([^"\n]*)`, "m").exec(release)?.[1] ?? "";
  const architecture = await run("dpkg", ["--print-architecture"]).then(
    (text) => text.trim(),
    () => undefined,
  );
  if (architecture === undefined) return undefined;
  const [id, codename] = [field("ID"), field("VERSION_CODENAME")];
  const archives = mainArchives(await readSources(), { id, codename }, architecture);
  return archives.length === 0 ? undefined : { id, codename, architecture, archives };
}
