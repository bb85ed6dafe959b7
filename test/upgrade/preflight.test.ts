/** What the checks make of a file system, and how findings are shown. */

import { describe, expect, it } from "vitest";
import { findingLines } from "../../src/cli/output/findings.ts";
import { ephemeral } from "../../src/upgrade/preflight/ephemeral.ts";
import type { Ground } from "../../src/upgrade/preflight/given.ts";
import { mountOf } from "../../src/upgrade/preflight/mounts.ts";

const MOUNTS = String.raw`
712 561 0:56 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w
713 712 0:59 / /proc rw,nosuid - proc proc rw
714 712 8:1 /vol /srv/with\040space rw - ext4 /dev/sda1 rw
715 712 0:60 / /dev/shm rw - tmpfs shm rw,size=65536k
716 712 8:1 /data /app/data rw,relatime shared:3 master:2 - ext4 /dev/sda1 rw`;

describe("the mount of a path", () => {
  it("is the longest above it", () => {
    const of = (path: string) => {
      const mount = mountOf(MOUNTS, path);
      return mount === undefined ? undefined : `${mount.type} ${mount.point}`;
    };
    expect(of("/app")).toBe("overlay /");
    expect(of("/app/data/rel")).toBe("ext4 /app/data");
    expect(of("/app/database")).toBe("overlay /");
    expect(of("/srv/with space/rel")).toBe("ext4 /srv/with space");
    expect(mountOf("", "/app")).toBeUndefined();
    expect(mountOf("nonsense - of a file\n\n", "/app")).toBeUndefined();
  });
});

describe("a root that does not last", () => {
  const find = (root: string, running: string, container: string | undefined) =>
    ephemeral.find({
      root,
      version: "0.3.0",
      running: { version: running },
      surroundings: async () => ({ mounts: MOUNTS, container, booted: "0.1.0" }),
    } as unknown as Ground);

  it("is the container's own layer, and says what the image holds", async () => {
    const [found] = await find("/app", "0.2.0", "/.dockerenv");
    expect(found).toMatchObject({ code: "ephemeral-root", severity: "warning", about: ["/app"] });
    expect(found?.what).toBe(
      "/app lies in the container's own layer (overlay on /); it was booted with 0.1.0, and runs 0.2.0 already",
    );
    expect((await find("/app", "0.1.0", "/.dockerenv"))[0]?.what).not.toContain("booted");
  });

  it("is memory, and neither a volume nor a machine's own overlay", async () => {
    expect(await find("/dev/shm/app", "0.1.0", undefined)).toMatchObject([
      { code: "ephemeral-root" },
    ]);
    expect(await find("/app/data/rel", "0.1.0", "/.dockerenv")).toEqual([]);
    expect(await find("/app", "0.1.0", undefined)).toEqual([]);
  });
});

describe("findings for people", () => {
  const finding = {
    code: "a-code",
    severity: "danger",
    what: "something is so on the node that is long enough for two lines",
    cause: "a text of the node with \u001b[2J in it",
    remedy: "Do this.",
  } as const;

  it("are wrapped, marked, and cannot steer the terminal", () => {
    expect(findingLines([finding], 50, (_, text) => text)).toEqual([
      "‼ danger a-code: something is so on the node that",
      "  is long enough for two lines",
      "  why:  a text of the node with \\u{1b}[2J in it",
      "  do:   Do this.",
    ]);
  });

  it("keep a long word whole, so that it can be copied", () => {
    const path = `/srv/${"x".repeat(60)}`;
    const lines = findingLines([{ ...finding, what: `see ${path} there` }], 20, (_, text) => text);
    expect(lines).toContain(`  ${path}`);
  });

  it("colour the severity alone", () => {
    const styled = findingLines([finding], 200, (style, text) => `<${String(style)}>${text}</>`);
    expect(styled[0]).toMatch(/^<red>‼<\/> <red>danger a-code:<\/> something/);
  });
});
