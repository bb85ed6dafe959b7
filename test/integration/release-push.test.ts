/** A package goes to a node in verified chunks: as it should, and in every way that it can fail. */

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, type Remote } from "../../src/otp/index.ts";
import { atom, charlist, type Term, Tuple, tuple } from "../../src/term/index.ts";
import { type PushEvent, pushRelease } from "../../src/upgrade/index.ts";
import { run } from "../support/beam/run.ts";
import { Cli } from "../support/cli/run.ts";
import { provision, startErl } from "../support/index.ts";

const CHUNK = 65_536;
/** About 12 chunks, of what no compression shortens. */
const FILLING = randomBytes(760_000);

let scratch: string;
let tarball: string;
let erl: Awaited<ReturnType<typeof startErl>>;
let node: BeamNode;
let releases: string;
let root: string;

async function pack(name: string, parts: Readonly<Record<string, string | Buffer>>) {
  const folder = await mkdtemp(join(scratch, "pack-"));
  for (const [path, content] of Object.entries(parts)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const file = join(scratch, name);
  await run("tar", ["-czf", file, "-C", folder, "."]);
  return file;
}

const REL = '{release,{"demo","1.0.0"},{erts,"13.1.5"},[{kernel,"8.5.3",permanent}]}.\n';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "beamctl-push-"));
  root = join(scratch, "root");
  releases = join(root, "releases");
  await mkdir(releases, { recursive: true });
  tarball = await pack("any-name.tar.gz", {
    "releases/1.0.0/demo.rel": `%% coding: utf-8\n${REL}`,
    "releases/1.0.0/start_clean.rel": '{release,{"start_clean","1.0.0"},{erts,"1"},[]}.',
    "lib/demo-1.0.0/priv/filling": FILLING,
    [`lib/demo-1.0.0/${"long".repeat(40)}/file`]: "a path that needs a header of its own",
  });
  erl = await startErl({ otp: await provision("otp25") });
  const address = { host: "127.0.0.1", port: erl.port };
  node = await connect(erl.name, { cookie: erl.cookie, address });
  await node.call("os", "putenv", [charlist("RELDIR"), charlist(releases)]);
});
afterAll(async () => {
  await node?.close();
  await erl?.[Symbol.asyncDispose]();
  if (scratch) await rm(scratch, { recursive: true, force: true });
});

const target = () => join(releases, "demo-1.0.0.tar.gz");
const part = () => `${target()}.beamctl-part`;

/** A link that counts the chunks that are sent, and may change or end them. */
function watched(change: (bytes: Uint8Array, count: number) => Uint8Array) {
  let count = 0;
  const remote: Remote = {
    name: node.name,
    call: (module, fun, args, options) => {
      const bindings = (args[1] ?? []) as readonly Term[];
      const swap = (binding: Term): Term => {
        const [name, value] = binding instanceof Tuple ? binding.items : [];
        if (name !== atom("Bytes") || !(value instanceof Uint8Array)) return binding;
        return tuple(name, change(value, ++count));
      };
      const given =
        fun === "expr" && Array.isArray(bindings)
          ? [args[0] as Term, bindings.map(swap), ...args.slice(2)]
          : args;
      return node.call(module, fun, given, options);
    },
  };
  return { remote, sent: () => count };
}

describe("release push", () => {
  it("goes on where it was cut off, sends damaged chunks again, and finds an equal file there", async () => {
    const chunks = Math.ceil((await readFile(tarball)).length / CHUNK);
    const cut = watched((bytes, count) => {
      if (count === 8) throw new Error("the link is gone");
      return bytes;
    });
    await expect(pushRelease(cut.remote, tarball, { chunkSize: CHUNK })).rejects.toThrow("gone");
    expect(await readdir(releases)).toEqual(["demo-1.0.0.tar.gz.beamctl-part"]);

    // One of those that had arrived is damaged on the disk, and one of the rest on its way.
    const there = await readFile(part());
    there[10] = (there[10] ?? 0) ^ 1;
    await writeFile(part(), there);
    let damaged = 0;
    const again = watched((bytes) => {
      if (damaged++ > 0) return bytes;
      const other = Uint8Array.from(bytes);
      other[0] = (other[0] ?? 0) ^ 1;
      return other;
    });
    const events: PushEvent[] = [];
    const push = pushRelease(again.remote, tarball, { chunkSize: CHUNK });
    for await (const event of push) events.push(event);
    const report = await push;
    expect((await readFile(target())).equals(await readFile(tarball))).toBe(true);
    expect(report).toMatchObject({ name: "demo", version: "1.0.0", already: false });
    const resent = Math.ceil(report.sent / CHUNK);
    expect(resent).toBeLessThan(chunks);
    expect(again.sent()).toBe(resent + 1);
    const done = events.flatMap((event) => (event.type === "progress" ? [event.done] : []));
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(report.size);
    expect(await pushRelease(node, tarball)).toMatchObject({ already: true, sent: 0 });
  });

  it("takes the place of another file only by force", async () => {
    await writeFile(target(), "another");
    await expect(pushRelease(node, tarball)).rejects.toMatchObject({
      message: `${target()} is there and is another file`,
    });
    expect(await readFile(target(), "utf8")).toBe("another");
    await pushRelease(node, tarball, { force: true });
    expect((await readFile(target())).equals(await readFile(tarball))).toBe(true);
    expect(await pushRelease(node, tarball, { as: "shop" })).toMatchObject({
      file: join(releases, "shop-1.0.0.tar.gz"),
    });
  });

  it("that arrives damaged again and again, or on a full disk, says so and leaves nothing in place", async () => {
    await rm(target(), { force: true });
    const { remote } = watched((bytes) => Uint8Array.from(bytes, (byte) => byte ^ 1));
    await expect(pushRelease(remote, tarball)).rejects.toThrow("a chunk arrives damaged");
    await rm(part(), { force: true });
    await symlink("/dev/full", part());
    await expect(pushRelease(node, tarball)).rejects.toThrow("the disk is full");
    await rm(part());
    expect(await readdir(releases)).toEqual(["shop-1.0.0.tar.gz"]);
  });

  it("that does not fit is refused before a byte is sent", async () => {
    const free = (await evaluate(node, "1 + 1")) as number;
    const remote: Remote = {
      name: node.name,
      call: async (module, fun, args, options) => {
        const bindings = (args[1] ?? []) as readonly Term[];
        const asked =
          fun === "expr" &&
          bindings.some((one) => one instanceof Tuple && one.items[0] === atom("Folder"));
        const answer = await node.call(module, fun, args, options);
        if (!asked) return answer;
        const [ok, real] = (answer as Tuple).items;
        expect(real).toBeGreaterThan(free); // df has told it
        return tuple(ok as Term, 1000);
      },
    };
    await expect(pushRelease(remote, tarball)).rejects.toThrow(/has room for 0\.0 MB, and 0\.8 MB/);
    expect(await readdir(releases)).toEqual(["shop-1.0.0.tar.gz"]);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ["is not there", async () => join(scratch, "no.tar.gz"), /ENOENT/],
    ["is no gzip", async () => written("text.tar.gz", Buffer.from("hello")), /incorrect header/],
    ["is no tar", async () => written("no-tar.tar.gz", gzipSync(FILLING)), /damaged/],
    [
      "has no release",
      () => pack("none.tar.gz", { "lib/a/b": "c" }),
      /no releases\/VSN\/NAME\.rel/,
    ],
    [
      "has two",
      () =>
        pack("two.tar.gz", {
          "releases/1.0.0/demo.rel": REL,
          "releases/2.0.0/demo.rel": REL.replace("1.0.0", "2.0.0"),
        }),
      /it holds demo-[12].0.0 and demo-/,
    ],
    [
      "is cut",
      async () => written("cut.tar.gz", (await readFile(tarball)).subarray(0, 100_000)),
      /end/,
    ],
    ["leads out", () => leading("../outside"), /leads out of the release/],
  ])("refuses a file that %s", async (_name, make, message) => {
    const error = await Promise.resolve(pushRelease(node, await make())).catch((e) => e);
    expect(error).toMatchObject({ code: "BEAM_UPGRADE", message: expect.stringMatching(message) });
    expect(await readdir(releases)).toEqual(["shop-1.0.0.tar.gz"]);
  });

  it("shows its progress by the command", async () => {
    await using cli = await Cli.for({ name: erl.name, cookie: erl.cookie, port: erl.port });
    const { code, stdout, stderr } = await cli.run(["release", "push", tarball, "--yes", "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { file: target(), already: false }]);
    expect(stderr).toMatch(/^push demo 1\.0\.0, 0\.8 MB, to .*\n(\d+ % verified.* MB\/s\n)*100 % /);
    const refused = await cli.run(["release", "push", join(scratch, "text.tar.gz"), "--yes"]);
    expect([refused.code, refused.stdout]).toEqual([3, ""]);
  });
});

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(scratch, name);
  await writeFile(file, bytes);
  return file;
}

/** A package with an entry of this name, as no tar makes one unasked. */
async function leading(name: string): Promise<string> {
  const file = join(scratch, "leading.tar.gz");
  const transform = `s,^inside$,${name},`;
  await writeFile(join(scratch, "inside"), "x");
  await run("tar", ["-czPf", file, "-C", scratch, `--transform=${transform}`, "inside"]);
  return file;
}
