/**
 * Makes an unpacked OTP run anywhere: each of its programs becomes a script that starts the real one with the C library
 * it was unpacked with. Releases that copy `erts-*` out of this tree copy the scripts and so run as well.
 */

import { access, chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PROGRAMS = [
  "beam.smp",
  "erlexec",
  "erl_child_setup",
  "inet_gethost",
  "epmd",
  "erl_call",
  "erlc",
  "escript",
];

/** Moves the real programs of `folder/root` to `folder/real`, once after unpacking. */
export async function setAside(folder: string): Promise<void> {
  const { bin } = await erts(folder);
  await mkdir(join(folder, "real"));
  for (const name of PROGRAMS) {
    if (await exists(join(bin, name))) await rename(join(bin, name), join(folder, "real", name));
  }
}

/** Writes the scripts as they must read when the folder has its `final` path. */
export async function writeWrappers(folder: string, final: string): Promise<void> {
  const { bin, name: version } = await erts(folder);
  const loader = await findLoader(folder);
  const at = (...parts: string[]): string => quote(join(final, ...parts));
  const libraries = loader.libraries.map((path) => join(final, path)).join(":");
  const own = join(folder, "bin");
  await mkdir(own, { recursive: true });
  const script = async (path: string, ...lines: string[]): Promise<void> => {
    await rm(path, { force: true }); // Debian has links here, and a write would follow them
    await writeFile(path, `#!/bin/sh\n${lines.join("\n")}\n`);
    await chmod(path, 0o755);
  };
  for (const name of PROGRAMS) {
    if (!(await exists(join(folder, "real", name)))) continue;
    const start = `exec ${at(loader.path)} --library-path ${quote(libraries)} ${at("real", name)} "$@"`;
    await script(join(bin, name), start);
    const path = `PATH=${at("bin")}:$PATH; export PATH`;
    if (["epmd", "erl_call", "erlc", "escript"].includes(name))
      await script(join(own, name), path, start);
  }
  const root = "root/usr/lib/erlang";
  const erl = [
    `ROOTDIR=${at(root)} BINDIR=${at(root, version, "bin")} EMU=beam PROGNAME=erl`,
    "export ROOTDIR BINDIR EMU PROGNAME",
    `exec ${at(root, version, "bin", "erlexec")} "$@"`,
  ];
  await script(join(own, "erl"), ...erl);
  await script(join(bin, "erl"), ...erl);
  await script(join(folder, root, "bin", "erl"), ...erl);
  const elixir = "root/usr/lib/elixir/bin";
  if (!(await exists(join(folder, elixir, "elixir")))) return;
  const path = `PATH=${at("bin")}:$PATH; export PATH`;
  for (const name of ["elixir", "elixirc", "iex"])
    await script(join(own, name), path, `exec ${at(elixir, name)} "$@"`);
  await script(join(own, "mix"), path, `exec ${at(elixir, "elixir")} ${at(elixir, "mix")} "$@"`);
}

async function erts(folder: string): Promise<{ name: string; bin: string }> {
  const root = join(folder, "root/usr/lib/erlang");
  const name = (await readdir(root)).find((entry) => entry.startsWith("erts-"));
  if (name === undefined) throw new Error(`no erts in ${root}`);
  return { name, bin: join(root, name, "bin") };
}

/** The dynamic loader and the library folders of the unpacked C library, on whatever architecture it is for. */
async function findLoader(folder: string): Promise<{ path: string; libraries: string[] }> {
  const libraries: string[] = [];
  let path: string | undefined;
  for (const base of ["root/usr/lib", "root/lib"]) {
    for (const triplet of await readdir(join(folder, base)).catch(() => [])) {
      if (!/-linux-gnu\w*$/.test(triplet)) continue;
      libraries.push(join(base, triplet));
      const files = await readdir(join(folder, base, triplet));
      const loader = files.find((name) => /^ld(64|-linux[\w-]*)\.so\.\d+$/.test(name));
      if (loader !== undefined) path ??= join(base, triplet, loader);
    }
  }
  if (path === undefined) throw new Error(`no dynamic loader in ${folder}`);
  return { path, libraries };
}

/** Whether `path` is there. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
