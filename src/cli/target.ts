/** Which node a command speaks to, and how it is reached. */

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import type { TlsOptions } from "../transport/index.ts";
import { findCookie } from "./cookie.ts";
import { milliseconds } from "./duration.ts";
import type { Globals } from "./globals.ts";
import { findTls } from "./tls.ts";

/** Everything that `connect` needs. */
export interface Target {
  readonly node: string;
  readonly address: string | undefined;
  readonly cookie: string;
  readonly cookieSource: string;
  readonly tls: TlsOptions | undefined;
  /** Milliseconds; 0 is without limit. */
  readonly timeout: number;
}

/**
 * The target by the documented order: `--node`, `BEAMCTL_NODE`, `RELEASE_NODE`, then the release root's name.
 * @throws UsageError when no node is named, ConfigError when there is no usable cookie
 */
export async function findTarget(
  globals: Globals,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Target> {
  const name =
    globals.node ??
    env["BEAMCTL_NODE"] ??
    env["RELEASE_NODE"] ??
    (await releaseName(globals.releaseRoot));
  if (name === undefined || name === "") {
    throw new UsageError("no node is named", {
      remedy: "Give one with --node name@host, or in the environment as BEAMCTL_NODE.",
    });
  }
  const cookie = await findCookie(globals, env);
  return {
    node: fullName(name, globals.longnames === true),
    address: globals.address === "" ? undefined : globals.address,
    cookie: cookie.reveal(),
    cookieSource: cookie.source,
    tls: await findTls(globals),
    timeout: milliseconds(globals.timeout),
  };
}

/** `shop` becomes `shop@host`, with this machine's short host name or its full one. */
export function fullName(name: string, long: boolean, host: string = hostname()): string {
  if (name.includes("@")) {
    const [left, right, more] = name.split("@");
    if (left === "" || right === "" || more !== undefined) {
      throw new UsageError(`"${name}" is no node name`, { remedy: "A node is named name@host." });
    }
    return name;
  }
  const short = host.split(".")[0] as string;
  return `${name}@${long ? host : short}`;
}

async function releaseName(root: string | undefined): Promise<string | undefined> {
  if (root === undefined) return undefined;
  const data = await readFile(join(root, "releases", "start_erl.data"), "utf8").catch(() => "");
  const version = data.trim().split(/\s+/)[1];
  if (version === undefined) return undefined;
  const args = await readFile(join(root, "releases", version, "vm.args"), "utf8").catch(() => "");
  return /^\s*-s?name\s+(\S+)/m.exec(args)?.[1];
}
