/** Downloads packages through a private apt state: no root, no change to the machine, every file verified by apt's signatures. */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunError, type RunOptions, run } from "./run.ts";
import type { AptSource } from "./sources.ts";

/** What to download, from where, into which folder. */
export interface Download {
  readonly source: AptSource;
  readonly suite: string;
  readonly architecture: string;
  /** The `Origin` that the signed Release file must name. */
  readonly origin: string;
  readonly packages: readonly string[];
  readonly alone: readonly string[];
  /** An empty folder for apt's whole state. */
  readonly folder: string;
  readonly progress: (percent: number) => void;
  /** Told of what the user should know although it goes on. */
  readonly notice: (text: string) => void;
}

/** Downloads the packages and resolves to the `.deb` files. */
export async function download(order: Download): Promise<string[]> {
  const env = await configure(order);
  const archives = join(order.folder, "cache", "archives");
  const options: RunOptions = {
    env,
    cwd: archives,
    status: (line) => {
      const percent = /^dlstatus:[^:]*:([\d.]+):/.exec(line)?.[1];
      if (percent !== undefined) order.progress(Number(percent));
    },
  };
  const apt = (...args: string[]): Promise<string> =>
    run("apt-get", ["-qq", "-o", "APT::Status-Fd=3", ...args], options);
  try {
    await apt("--error-on=any", "update");
  } catch (error) {
    if (!(error instanceof RunError) || !/Release file for .* is expired/.test(error.output))
      throw error;
    // A frozen mirror is older than its own promise of freshness; its signatures are checked all the same.
    order.notice(`the signed index of ${order.suite} is out of date here, taking it as it is`);
    await apt("--error-on=any", "-o", "Acquire::Check-Valid-Until=false", "update");
  }
  await checkOrigin(order);
  // An empty status file makes apt take everything a package needs, its own C library included.
  if (order.packages.length > 0) await apt("-y", "--download-only", "install", ...order.packages);
  if (order.alone.length > 0) await apt("download", ...order.alone);
  const names = await readdir(archives);
  return names.filter((name) => name.endsWith(".deb")).map((name) => join(archives, name));
}

async function configure(order: Download): Promise<Record<string, string | undefined>> {
  const at = (...parts: string[]): string => join(order.folder, ...parts);
  for (const folder of [
    "state/lists/partial",
    "cache/archives/partial",
    "etc/empty",
    "etc/sources",
  ]) {
    await mkdir(at(folder), { recursive: true });
  }
  const { source } = order;
  const stanza = [
    "Types: deb",
    `URIs: ${source.uri}`,
    `Suites: ${order.suite}`,
    `Components: ${source.components.join(" ")}`,
    ...(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy}`]),
    ...(source.checkValidUntil === undefined
      ? []
      : [`Check-Valid-Until: ${source.checkValidUntil}`]),
  ];
  await writeFile(at("etc/sources/beamctl.sources"), `${stanza.join("\n")}\n`);
  await writeFile(at("status"), "");
  const settings: Record<string, string> = {
    "Dir::State": at("state"),
    "Dir::State::status": at("status"),
    "Dir::Cache": at("cache"),
    "Dir::Etc::main": at("etc/none"),
    "Dir::Etc::parts": at("etc/empty"),
    "Dir::Etc::sourcelist": at("etc/none"),
    "Dir::Etc::sourceparts": at("etc/sources"),
    "Dir::Etc::preferences": at("etc/none"),
    "Dir::Etc::preferencesparts": at("etc/empty"),
    "APT::Architecture": order.architecture,
    "APT::Install-Recommends": "false",
    // As root apt would drop to a user that cannot write here; for anyone else this says nothing.
    "APT::Sandbox::User": "root",
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowWeakRepositories": "false",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  const file = at("apt.conf");
  await writeFile(
    file,
    `${[...(await network()), ...lines, `APT::Architectures { "${order.architecture}"; };`].join("\n")}\n`,
  );
  return { ...process.env, APT_CONFIG: file, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" };
}

/** How this machine reaches its archives (proxies and the like): the rest of its apt settings stay out. */
async function network(): Promise<string[]> {
  const dump = await run("apt-config", ["dump"]);
  return dump
    .split("\n")
    .filter((line) => /^Acquire::(https?|ForceIPv[46]|mirror)(::| )/i.test(line));
}

async function checkOrigin(order: Download): Promise<void> {
  const lists = join(order.folder, "state", "lists");
  for (const name of await readdir(lists)) {
    if (!/_(In)?Release$/.test(name)) continue;
    const origin = /^Origin: *(.*)$/m.exec(await readFile(join(lists, name), "utf8"))?.[1];
    if (origin?.toLowerCase() === order.origin) return;
    throw new Error(
      `${order.source.uri} is not the archive of ${order.origin}: its Origin is ${origin}`,
    );
  }
  throw new Error(`${order.source.uri} gave no Release file for ${order.suite}`);
}
