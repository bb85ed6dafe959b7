/** Brings BEAM nodes to this machine for the tests: unpacked from its own distribution's packages, or found on the PATH. */

import { readFile, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { download } from "./apt.ts";
import { cached, cachePath } from "./cache.ts";
import { finished, notice, progress } from "./progress.ts";
import { run } from "./run.ts";
import { isSet, type OtpSet, SETS, type SetName } from "./sets.ts";
import { type AptSource, mainArchives, readSources } from "./sources.ts";
import { exists, setAside, writeWrappers } from "./wrappers.ts";

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
  /** Holds `ranch-*`, `cowboy-*` and `cowlib-*`, each with `ebin`: good for `ERL_LIBS`. */
  readonly plugins: string;
}

/** The OTP of the set; unpacked at the first call on a machine, there at once afterwards. */
export async function provision(set: OtpSet): Promise<Otp> {
  const system = await readSystem();
  if (system === undefined) return hostOtp();
  // A distribution other than Debian has one Erlang: its own, whatever release that is.
  const name = system.id === "debian" ? set : `${system.id}-${system.codename}`;
  const folder = cachePath(name, system.architecture);
  const release = await cached(folder, (half) => unpack(name, system, SETS[set], half, folder));
  return otpAt(release, folder, join(folder, "bin"));
}

/** RabbitMQ as Debian packages it. */
export async function provisionRabbit(): Promise<RabbitFiles> {
  const system = await readSystem();
  if (system === undefined) throw new NoBeamError("RabbitMQ");
  const folder = cachePath("rabbitmq310", system.architecture);
  await cached(folder, (half) => unpack("rabbitmq310", system, SETS.rabbitmq310, half, folder));
  const lib = join(folder, "root/usr/lib/rabbitmq/lib");
  const home = join(lib, (await run("ls", [lib])).trim());
  return { home, plugins: join(home, "plugins") };
}

/** This machine offers neither apt with a known archive nor an Erlang on the PATH. */
export class NoBeamError extends Error {
  constructor(what = "Erlang") {
    super(
      `no ${what} to test with: install erlang and elixir with your package manager, or run this on Debian or Ubuntu, or where Docker runs`,
    );
    this.name = "NoBeamError";
  }
}

interface System {
  readonly id: string;
  readonly codename: string;
  readonly architecture: string;
  readonly archives: readonly AptSource[];
}

let systemRead: Promise<System | undefined> | undefined;

/** This machine's distribution; undefined where apt cannot be used or `BEAMCTL_TEST_BEAM=host` asks for the PATH. */
function readSystem(): Promise<System | undefined> {
  systemRead ??= (async () => {
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
  })();
  return systemRead;
}

async function unpack(
  name: string,
  system: System,
  spec: (typeof SETS)[SetName],
  half: string,
  final: string,
): Promise<number> {
  const started = performance.now();
  try {
    await fetchInto(name, system, spec, half);
    progress(name, "unpacking");
    const debs = (await run("find", [join(half, "apt/cache/archives"), "-name", "*.deb"])).trim();
    for (const deb of debs.split("\n")) await run("dpkg-deb", ["-x", deb, join(half, "root")]);
    await rm(join(half, "apt"), { recursive: true });
    for (const waste of ["doc", "man", "locale", "info"]) {
      await rm(join(half, "root/usr/share", waste), { recursive: true, force: true });
    }
    // Unpacked as root, a set-uid program would stay one, and never get its security fixes.
    await run("find", [
      join(half, "root"),
      "-type",
      "f",
      "-perm",
      "/6000",
      "-exec",
      "chmod",
      "ug-s",
      "{}",
      "+",
    ]);
    const release = spec.packages.length === 0 ? 0 : await makeOtp(system, spec, half, final);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    finished(name, `${release === 0 ? "" : `OTP ${release} `}ready in ${seconds} s`);
    return release;
  } catch (error) {
    finished(name, "failed");
    throw error;
  }
}

/** Downloads from the first suite of the first archive that has it. */
async function fetchInto(
  name: string,
  system: System,
  spec: (typeof SETS)[SetName],
  half: string,
): Promise<void> {
  const debian = system.id === "debian";
  const errors: Error[] = [];
  for (const source of system.archives) {
    for (const suite of debian ? spec.suites : [system.codename]) {
      const folder = join(half, "apt");
      await rm(folder, { recursive: true, force: true });
      progress(name, `downloading from ${suite}`);
      try {
        await download({
          source,
          suite,
          components: debian ? ["main"] : source.components,
          architecture: system.architecture,
          origin: system.id,
          packages: spec.packages,
          alone: spec.alone,
          folder,
          notice: (text) => notice(name, text),
          progress: (percent) => progress(name, `downloading from ${suite}`, percent),
        });
        return;
      } catch (error) {
        errors.push(error as Error);
      }
    }
  }
  throw new AggregateError(
    errors,
    `cannot download ${name} from this machine's archive:\n${errors.map((error) => error.message).join("\n")}`,
  );
}

async function makeOtp(
  system: System,
  spec: (typeof SETS)[SetName],
  half: string,
  final: string,
): Promise<number> {
  await setAside(half);
  await writeWrappers(half, half);
  const release = await reported(join(half, "bin", "erl"));
  const wanted = spec.release;
  const fits =
    wanted === undefined ||
    release === wanted.number ||
    (wanted.orNewer && release > wanted.number);
  if (system.id === "debian" && !fits) {
    throw new Error(`wanted OTP ${wanted.number}, but ${spec.suites.join(", ")} has ${release}`);
  }
  await writeWrappers(half, final);
  return release;
}

async function reported(erl: string): Promise<number> {
  const show = "io:put_chars(erlang:system_info(otp_release)), halt().";
  return Number(await run(erl, ["-noinput", "-boot", "start_clean", "-eval", show]));
}

/** The one OTP of a machine without apt. */
async function hostOtp(): Promise<Otp> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (folder === "" || !(await exists(join(folder, "erl")))) continue;
    return otpAt(await reported(join(folder, "erl")), folder, folder);
  }
  throw new NoBeamError();
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
    if (name !== "rabbitmq310") {
      const otp = await provision(name);
      return `${name} OTP ${otp.release} ${otp.bin("erl")}`;
    }
    return `${name} ${(await provisionRabbit()).home}`;
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
