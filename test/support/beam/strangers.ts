/** Compilers and libraries for programs of others that speak to nodes: Java with JInterface, C with erl_interface. */

import { readlink, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { run } from "./run.ts";

/** A program and its first arguments. */
export type Command = readonly [string, ...string[]];

/** What compiles one source file of ours into a folder and tells how the outcome is started. */
export interface Strangers {
  /** Where the set is. */
  readonly folder: string;
  compileJava(source: string, into: string): Promise<Command>;
  compileC(source: string, into: string): Promise<Command>;
}

/** The Java of Debian has its configuration in /etc, where that of the set is not: its links are led into the set. */
export async function adoptLinks(folder: string): Promise<void> {
  const root = join(folder, "root");
  const found = await run("find", [join(root, "usr/lib/jvm"), "-lname", "/*"]);
  for (const link of found.split("\n").filter((path) => path !== "")) {
    const inside = join(root, await readlink(link));
    await rm(link);
    await symlink(relative(dirname(link), inside), link);
  }
}

/** The compilers of the set that was unpacked to `folder`. */
export async function strangersAt(folder: string): Promise<Strangers> {
  const usr = join(folder, "root/usr");
  const { loader, own, libraries } = await libraryOf(join(folder, "root"));
  const start: Command = [loader, "--library-path", `${own}:${libraries}`];
  const java: Command = [...start, join(usr, "lib/jvm/default-java/bin/java")];
  const jars = join(usr, "share/java");
  const compileJava = async (source: string, into: string): Promise<Command> => {
    const path = `${join(jars, "OtpErlang.jar")}:${into}`;
    // All jars: Debian has moved the compiler from one to another.
    const compiler = ["-cp", join(jars, "*"), "org.eclipse.jdt.internal.compiler.batch.Main"];
    await runCommand([...java, ...compiler, "-11", "-proc:none", "-cp", path, "-d", into, source]);
    return [...java, "-cp", path, basename(source, ".java")];
  };
  const compileC = async (source: string, into: string): Promise<Command> => {
    const at = (name: string) => join(libraries, name);
    const headers = [at("tcc/include"), join(usr, "include"), join(usr, "include", basename(own))];
    const program = join(into, basename(source, ".c"));
    await runCommand([
      ...[...start, join(usr, "bin/tcc"), `-B${at("tcc")}`],
      // Each file by its path: what is left out would be looked for on the machine.
      ...["-nostdinc", ...headers.map((path) => `-I${path}`), "-nostdlib", "-o", program],
      ...[at("crt1.o"), at("crti.o"), source, join(usr, "lib/libei_st.a"), join(own, "libc.so.6")],
      ...[at("libc_nonshared.a"), at("tcc/libtcc1.a"), at("crtn.o")],
    ]);
    return [...start, program];
  };
  return { folder, compileJava, compileC };
}

/** The C library of the set: its loader, the folder of that, and the folder of the other libraries. */
async function libraryOf(root: string) {
  const found = await run("find", [root, "-path", "*-linux-gnu*/ld*.so.[0-9]"]);
  const loader = found.split("\n")[0] as string;
  const own = dirname(loader);
  return { loader, own, libraries: join(root, "usr/lib", basename(own)) };
}

async function runCommand([command, ...args]: readonly string[]): Promise<void> {
  await run(command as string, args);
}
