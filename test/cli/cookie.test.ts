import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findCookie } from "../../src/cli/cookie.ts";
import { ConfigError } from "../../src/cli/errors.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "beamctl-cookie-"));
});
afterEach(() => rm(home, { recursive: true }));

const write = async (name: string, value: string, mode = 0o400) => {
  const path = join(home, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, value);
  await chmod(path, mode);
  return path;
};

test("the sources win in the documented order", async () => {
  await write(".config/erlang/.erlang.cookie", "xdg\n");
  const find = (flags: object, env: object = {}) => findCookie(flags, { HOME: home, ...env });
  expect((await find({})).reveal()).toBe("xdg");
  await write(".erlang.cookie", "home\n");
  expect((await find({})).reveal()).toBe("home");
  await write("release/releases/COOKIE", "release", 0o640);
  expect((await find({ releaseRoot: join(home, "release") })).reveal()).toBe("release");
  const env = { RELEASE_COOKIE: "from-release-env" };
  expect((await find({ releaseRoot: join(home, "release") }, env)).reveal()).toBe(
    "from-release-env",
  );
  expect((await find({}, { ...env, BEAMCTL_COOKIE: "from-env" })).reveal()).toBe("from-env");
  expect((await find({ cookie: "flag" }, env)).reveal()).toBe("flag");
  const file = await write("mine", "file");
  expect(await find({ cookieFile: file, cookie: "flag" })).toMatchObject({ source: file });
});

test("a file that others can read is refused with the command that mends it", async () => {
  const file = await write("open", "secret-value", 0o644);
  const error = await findCookie({ cookieFile: file }, {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).remedy).toContain(`chmod 400 ${file}`);
  expect(inspect(error)).not.toContain("secret-value");
});

test("printing a cookie does not show it", async () => {
  const cookie = await findCookie({ cookie: "secret-value" }, {});
  expect(inspect(cookie) + JSON.stringify(cookie)).not.toContain("secret-value");
});

test("no cookie, an empty one and one of two words are each named", async () => {
  await expect(findCookie({}, { HOME: home })).rejects.toThrow(/no cookie was found/);
  await expect(findCookie({ cookie: "" }, { HOME: home })).rejects.toThrow(/--cookie is empty/);
  await expect(findCookie({ cookie: "a b" }, { HOME: home })).rejects.toThrow(ConfigError);
  await expect(findCookie({ cookieFile: join(home, "none") }, {})).rejects.toThrow(
    /cannot be read/,
  );
});
