import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Globals } from "../../src/cli/globals.ts";
import { epmdAddress } from "../../src/cli/session.ts";
import { findTarget, fullName } from "../../src/cli/target.ts";
import { UsageError } from "../../src/errors.ts";

const globals = (given: Partial<Globals>): Globals => ({
  timeout: "5s",
  output: "auto",
  headers: true,
  color: "never",
  cookie: "c",
  ...given,
});

test("a bare name gets this machine's host, short or full", () => {
  expect(fullName("shop", false, "db1.example.org")).toBe("shop@db1");
  expect(fullName("shop", true, "db1.example.org")).toBe("shop@db1.example.org");
  expect(fullName("shop@10.0.0.7", false)).toBe("shop@10.0.0.7");
});

test.each(["@host", "shop@", "a@b@c"])("%s is no node name", (name) => {
  expect(() => fullName(name, false)).toThrow(UsageError);
});

test("the flag wins over the variables, and those over the release on disk", async () => {
  const root = await mkdtemp(join(tmpdir(), "beamctl-target-"));
  await mkdir(join(root, "releases", "0.1.0"), { recursive: true });
  await writeFile(join(root, "releases", "start_erl.data"), "13.1.5 0.1.0\n");
  await writeFile(join(root, "releases", "0.1.0", "vm.args"), "+K true\n-sname disk@host\n");
  try {
    const found = async (given: Partial<Globals>, env: NodeJS.ProcessEnv = {}) =>
      (await findTarget(globals(given), env)).node;
    expect(await found({ releaseRoot: root })).toBe("disk@host");
    expect(await found({ releaseRoot: root }, { RELEASE_NODE: "r@h" })).toBe("r@h");
    expect(await found({}, { RELEASE_NODE: "r@h", BEAMCTL_NODE: "b@h" })).toBe("b@h");
    expect(await found({ node: "n@h" }, { BEAMCTL_NODE: "b@h" })).toBe("n@h");
    await expect(found({})).rejects.toThrow(/no node is named/);
  } finally {
    await rm(root, { recursive: true });
  }
});

test.each([
  ["host", { host: "host" }],
  ["host:4370", { host: "host", port: 4370 }],
  [":4370", { port: 4370 }],
  ["[::1]:4370", { host: "::1", port: 4370 }],
  ["[fe80::1]", { host: "fe80::1" }],
])("the EPMD %s is read as it is written", (text, address) => {
  expect(epmdAddress(text)).toEqual(address);
});
