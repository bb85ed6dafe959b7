/** Brings BEAM nodes to this machine for the tests: unpacked from its own distribution's packages, or found on the PATH. */

import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cached, cachePath } from "./cache.ts";
import { isRabbit, isSet, type OtpSet, type RabbitSet, SETS, type SetName } from "./sets.ts";
import { adoptLinks, type Strangers, strangersAt } from "./strangers.ts";
import { readSystem } from "./system.ts";
import { reportedRelease, unpack } from "./unpack.ts";
import { exists } from "./wrappers.ts";

/** An OTP that can be run here. */
export interface Otp {
  /** The major release that it reported, as `25`. */
  readonly release: number;
  /** The folder it was unpacked to, or of the programs on the PATH. */
  readonly root: string;
  /** The environment that its programs want: PATH and a UTF-8 locale on top of ours. */
  readonly env: Readonly<Record<string, string>>;
  /** The path of one of its programs: `erl`, `epmd`, `erlc`, `escript`, `erl_call`, `elixir`, `elixirc`, `iex`, `mix`. */
  bin(name: string): string;
}

/** RabbitMQ's files, with the Ranch and Cowboy that it carries; it runs on another set's OTP. */
export interface RabbitFiles {
  /** Its home, `.../rabbitmq_server-3.10.8`. */
  readonly home: string;
  /** Holds `ranch-*`, `cowboy-*` and `cowlib-*`: archives in 3.8, from 3.10 on folders with `ebin`, good for `ERL_LIBS`. */
  readonly plugins: string;
}

/** ejabberd with the OTP that it came with. */
export interface EjabberdFiles {
  readonly otp: Otp;
  /** Holds `ejabberd-*` and what it needs, each with `ebin`: good for `ERL_LIBS`. */
  readonly libraries: string;
}

/** The OTP of the set; unpacked at the first call on a machine, there at once afterwards. */
export async function provision(set: OtpSet): Promise<Otp> {
  const system = await readSystem();
  if (system === undefined) return hostOtp();
  // A distribution other than Debian has one Erlang: its own, whatever release that is.
  const name = system.id === "debian" ? set : `${system.id}-${system.codename}`;
  const folder = cachePath(name, system.architecture);
  const release = await cached(folder, (half) =>
    unpack({ name, system, spec: SETS[set], folder: half, final: folder }),
  );
  return otpAt(release, folder, join(folder, "bin"));
}

/** RabbitMQ as Debian packages it. */
export async function provisionRabbit(name: RabbitSet = "rabbitmq310"): Promise<RabbitFiles> {
  const system = await readSystem();
  if (system === undefined) throw new NoBeamError("RabbitMQ");
  const folder = cachePath(name, system.architecture);
  await cached(folder, (half) =>
    unpack({ name, system, spec: SETS[name], folder: half, final: folder }),
  );
  const lib = join(folder, "root/usr/lib/rabbitmq/lib");
  const version = (await readdir(lib)).find((entry) => entry.startsWith("rabbitmq_server-"));
  const home = join(lib, version ?? "");
  return { home, plugins: join(home, "plugins") };
}

/** ejabberd as Debian packages it. */
export async function provisionEjabberd(): Promise<EjabberdFiles> {
  const system = await readSystem();
  if (system === undefined) throw new NoBeamError("ejabberd");
  const name = "ejabberd";
  const folder = cachePath(name, system.architecture);
  const release = await cached(folder, (half) =>
    unpack({ name, system, spec: SETS[name], folder: half, final: folder }),
  );
  const lib = join(folder, "root/usr/lib");
  for (const triplet of await readdir(lib)) {
    const libraries = join(lib, triplet);
    const inside = await readdir(libraries).catch(() => []);
    if (!inside.some((entry) => entry.startsWith("ejabberd-"))) continue;
    return { otp: otpAt(release, folder, join(folder, "bin")), libraries };
  }
  throw new Error(`no ejabberd in ${lib}`);
}

/** Java with JInterface and C with erl_interface. */
export async function provisionStrangers(): Promise<Strangers> {
  const system = await readSystem();
  if (system === undefined) throw new NoBeamError("Java and C with Erlang's interfaces");
  const name = "strangers";
  const folder = cachePath(name, system.architecture);
  await cached(folder, async (half) => {
    const none = await unpack({ name, system, spec: SETS[name], folder: half, final: folder });
    await adoptLinks(half);
    return none;
  });
  return strangersAt(folder);
}

/** Whether this machine can have the strangers; their tests are skipped elsewhere. */
export async function hasStrangers(): Promise<boolean> {
  return (await readSystem()) !== undefined;
}

/** Whether this machine can have RabbitMQ, and with it Ranch and Cowboy; tests that need them are skipped elsewhere. */
export async function hasRabbit(): Promise<boolean> {
  return (await readSystem()) !== undefined;
}

/** Whether this machine can have ejabberd; its tests are skipped elsewhere. */
export async function hasEjabberd(): Promise<boolean> {
  return (await readSystem()) !== undefined;
}

/** This machine offers neither apt with a known archive nor what is asked for on the PATH. */
export class NoBeamError extends Error {
  constructor(what: "Erlang" | "RabbitMQ" | "ejabberd" | "Java and C with Erlang's interfaces") {
    const install = what === "Erlang" ? "install erlang and elixir, or " : "";
    super(`no ${what} to run: ${install}run this on Debian or Ubuntu, or where Docker runs`);
    this.name = "NoBeamError";
  }
}

/** The one OTP of a machine without apt. */
async function hostOtp(): Promise<Otp> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (folder === "" || !(await exists(join(folder, "erl")))) continue;
    return otpAt(await reportedRelease(join(folder, "erl")), folder, folder);
  }
  throw new NoBeamError("Erlang");
}

function otpAt(release: number, root: string, bin: string): Otp {
  return {
    release,
    root,
    env: { PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`, LC_ALL: "C.UTF-8" },
    bin: (name) => join(bin, name),
  };
}

/** Provisions all the named sets at the same time; resolves to a line on each. */
export function provisionAll(names: readonly SetName[]): Promise<string[]> {
  const work = names.map(async (name) => {
    if (isRabbit(name)) return `${name} ${(await provisionRabbit(name)).home}`;
    if (name === "ejabberd") {
      const { otp, libraries } = await provisionEjabberd();
      return `${name} OTP ${otp.release} ${libraries}`;
    }
    if (name === "strangers") return `${name} ${(await provisionStrangers()).folder}`;
    const otp = await provision(name);
    return `${name} OTP ${otp.release} ${otp.bin("erl")}`;
  });
  return Promise.all(work);
}

/** `npx tsx test/support/beam/provision.ts otp25 otp27 ...` */
async function main(names: readonly string[]): Promise<void> {
  const sets = names.filter(isSet);
  if (sets.length === 0 || sets.length < names.length) {
    throw new Error(`name the sets to provision, of: ${Object.keys(SETS).join(", ")}`);
  }
  for (const line of await provisionAll(sets)) console.log(line);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
