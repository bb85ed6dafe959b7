/** Starts the shop: a real Elixir release with Ranch and Cowboy websockets, in a private copy that can be upgraded. */

import { constants } from "node:fs";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child, type Exit } from "../../../src/testing/launch/child.ts";
import { makeCookie, makeHome, uniqueName } from "../../../src/testing/launch/home.ts";
import { freePort } from "../../../src/testing/launch/port.ts";
import type { Otp } from "../beam/provision.ts";
import { run } from "../beam/run.ts";
import { buildShop, type ShopVersion } from "./build.ts";
import { plainEnvironment } from "./plain.ts";

/** How to start it; everything but `otp` has a default. */
export interface ShopOptions {
  readonly otp: Otp;
  /** The version to boot. Default `0.1.0`. */
  readonly version?: ShopVersion;
  /** The versions that lie in `releases` as `shop-VSN.tar.gz`. Default `0.2.0`. */
  readonly packages?: readonly ShopVersion[];
  /** Whether it has `releases/RELEASES`, which a release of `mix release` lacks. Default `true`. */
  readonly releasesFile?: boolean;
  /** Whether the release handler is part of the release. Default `true`. */
  readonly sasl?: boolean;
  /** Whether it is what `mix release` alone makes: no RELEASES, no packages, its configuration in runtime.exs. Default `false`. */
  readonly plain?: boolean;
  /** A release's root that is copied instead of a fresh one: what a restart there would boot. */
  readonly from?: string;
  /**
   * What becomes of a runtime that ends: nothing (default), `again` starts it anew in the version that `start_erl.data` names, `heart` leaves that to
   * the runtime's own heart.
   */
  readonly ends?: "again" | "heart";
  readonly name?: string;
  readonly cookie?: string;
  /** The port of its websockets and HTTP. Default a free one. */
  readonly httpPort?: number;
  /** How many acceptors its listener has. Default 10. */
  readonly acceptors?: number;
}

/** A running shop. `await using` ends it at once. */
export interface ShopNode extends AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  readonly distPort: number;
  readonly httpPort: number;
  /** The pid of the runtime itself. */
  readonly pid: number;
  /** Its release root, which goes when it ends. */
  readonly root: string;
  /** Resolves when the node is gone. */
  readonly exited: Promise<Exit>;
  output(): string;
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends it a signal; default SIGKILL. */
  kill(signal?: NodeJS.Signals): void;
  /** Shuts it down by `init:stop`. */
  stop(): Promise<void>;
}

/** Builds what is not built yet, starts the node and waits until it listens: half a second. */
export async function startShop(options: ShopOptions): Promise<ShopNode> {
  const { otp, version = "0.1.0", sasl = true, plain = false } = options;
  const packages = plain ? [] : (options.packages ?? ["0.2.0"]);
  const name = options.name ?? uniqueName("shop");
  const cookie = options.cookie ?? makeCookie();
  const distPort = await freePort();
  const httpPort = options.httpPort ?? (await freePort());
  const release = options.from ?? (await buildShop({ otp, version, sasl, plain }));
  const built = new Map<ShopVersion, string>();
  for (const entry of packages) built.set(entry, await buildShop({ otp, version: entry, sasl }));

  const home = await makeHome(cookie);
  const root = join(home, "shop");
  const config = sysConfig(httpPort, options.acceptors ?? 10);
  await cp(release, root, { recursive: true, mode: constants.COPYFILE_FICLONE });
  if (!plain) await writeFile(join(root, "releases", version, "sys.config"), config);
  const known = join(root, "releases/RELEASES");
  if (sasl && !plain)
    await writeFile(known, (await readFile(known, "utf8")).replaceAll("@ROOT@", root));
  if (options.releasesFile === false) await rm(known);
  for (const [entry, folder] of built) await pack(entry, folder, config, home);

  const erts = (await readdir(root)).find((entry) => entry.startsWith("erts-")) ?? "";
  const bin = join(root, erts, "bin");
  const start =
    options.ends === undefined
      ? {
          command: join(bin, "erlexec"),
          args: [...bootArguments(root, version), ...distArguments(name, distPort)],
        }
      : await keeper(options.ends, { root, home, bin, name, distPort });
  const child = new Child({
    ...start,
    home,
    env: {
      ...process.env,
      ...otp.env,
      ...(plain ? plainEnvironment(root, version, httpPort) : {}),
      HOME: home, // holds the cookie
      ROOTDIR: root,
      BINDIR: bin,
      EMU: "beam",
      PROGNAME: "erl",
      ERL_CRASH_DUMP_SECONDS: "0", // no crash dump: it would hold the cookie
      ...(options.ends === "heart" ? { HEART_COMMAND: `/bin/sh ${join(home, "again.sh")}` } : {}),
    },
  });
  await child.waitFor(/shop listens on port/);
  const runtime = () =>
    Number([...child.output().matchAll(/beam (\d+)$/gm)].at(-1)?.[1] ?? child.pid);
  return {
    name,
    cookie,
    distPort,
    httpPort,
    get pid() {
      return runtime();
    },
    root,
    exited: child.exited,
    output: () => child.output(),
    waitFor: (pattern) => child.waitFor(pattern),
    kill: (signal = "SIGKILL") => {
      if (options.ends === undefined) child.kill(signal);
      else process.kill(runtime(), signal);
    },
    stop: () => child.stop(),
    [Symbol.asyncDispose]: async () => {
      if (options.ends === "heart") await endHeart(home);
      await child[Symbol.asyncDispose]();
    },
  };
}

/** A shell that outlives the runtime, and holds its folder. */
async function keeper(
  ends: "again" | "heart",
  about: { root: string; home: string; bin: string; name: string; distPort: number },
): Promise<{ command: string; args: string[] }> {
  const { root, home, bin, name, distPort } = about;
  const flags = [...bootArguments(root, "$V"), ...distArguments(name, distPort)];
  const quoted = flags.map((flag) => `"${flag}"`).join(" ");
  const boot = `V=$(cut -d' ' -f2 "${root}/releases/start_erl.data")\nexec "${bin}/erlexec" ${quoted} "$@"\n`;
  await writeFile(join(home, "boot.sh"), boot);
  // What heart starts is of a session of its own: it is found by its pid.
  const again = `/bin/sh "${home}/boot.sh" >>"${home}/heart.log" 2>&1 & echo $! >"${home}/heart.pid"\n`;
  await writeFile(join(home, "again.sh"), again);
  const script =
    ends === "heart"
      ? '/bin/sh "$0" -heart & echo "beam $!"; wait; exec sleep 3600'
      : 'while :; do /bin/sh "$0" & echo "beam $!"; wait $!; done';
  return { command: "/bin/sh", args: ["-c", script, join(home, "boot.sh")] };
}

/** Ends what heart has started, if it has. */
async function endHeart(home: string): Promise<void> {
  const pid = Number(await readFile(join(home, "heart.pid"), "utf8").catch(() => "0"));
  if (pid <= 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** What `bin/shop start` of a `mix release` passes to the runtime. */
function bootArguments(root: string, version: string): string[] {
  const folder = join(root, "releases", version);
  return [
    ...["-noinput", "-mode", "embedded"],
    ...["-boot", join(folder, "start"), "-boot_var", "RELEASE_LIB", join(root, "lib")],
    ...["-config", join(folder, "sys"), "-args_file", join(folder, "vm.args")],
  ];
}

function distArguments(name: string, port: number): string[] {
  return [
    name.split("@")[1]?.includes(".") ? "-name" : "-sname",
    name,
    ...["-start_epmd", "false", "-erl_epmd_port", String(port)],
    ...["-kernel", "inet_dist_listen_min", String(port), "inet_dist_listen_max", String(port)],
    ...["inet_dist_use_interface", "{127,0,0,1}"],
  ];
}

/** The release handler applies a new version's `sys.config`, so every version must carry the settings of this instance. */
function sysConfig(httpPort: number, acceptors: number): string {
  return `[{shop,[{http_port,${httpPort}},{acceptors,${acceptors}}]},{sasl,[{sasl_error_logger,false}]}].\n`;
}

/** Makes `releases/shop-VSN.tar.gz` of what that version does not share with the running one. */
async function pack(
  version: ShopVersion,
  release: string,
  config: string,
  home: string,
): Promise<void> {
  const stage = join(home, `stage-${version}`);
  const parts = [`lib/shop-${version}`, `releases/${version}`, `releases/shop-${version}.rel`];
  for (const part of parts) await cp(join(release, part), join(stage, part), { recursive: true });
  await writeFile(join(stage, "releases", version, "sys.config"), config);
  const tarball = join(home, "shop/releases", `shop-${version}.tar.gz`);
  await run("tar", ["-czf", tarball, "-C", stage, ...parts]);
  await rm(stage, { recursive: true });
}
