/** A version that was installed and not made permanent becomes so later, and kills nobody. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { type Remote, whichReleases } from "../../src/otp/index.ts";
import { binary, OK, tuple } from "../../src/term/index.ts";
import { connections } from "../../src/topology/index.ts";
import { commitRelease, upgrade } from "../../src/upgrade/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

describe.runIf(await hasRabbit())("release commit", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let node: BeamNode;
  let state: string;

  beforeAll(async () => {
    given = await openShop("otp27");
    ({ node } = given);
    state = await mkdtemp(join(tmpdir(), "beamctl-commit-"));
  });
  afterAll(async () => {
    await given?.[Symbol.asyncDispose]();
    if (state) await rm(state, { recursive: true, force: true });
  });

  const permanent = async () =>
    (await whichReleases(node)).find(({ status }) => status === "permanent")?.version;

  it("says so when there is nothing to do", async () => {
    expect(await commitRelease(node)).toMatchObject({ version: "0.1.0", already: true });
  });

  it("waits for a request in old code, names its module when it lasts, and commits when it has ended", async () => {
    const slow = fetch(`http://127.0.0.1:${given.shop.httpPort}/slow?ms=9000`);
    const busy = async () =>
      (await connections(node)).connections.flatMap(({ requests }) => requests).length;
    await expect.poll(busy).toBe(1);
    const options = { permanent: false, drainTimeout: 100, stateDirectory: state };
    expect(await upgrade(node, "0.2.0", options)).toMatchObject({ permanent: false });
    expect(await permanent()).toBe("0.1.0");
    await expect(commitRelease(node, { timeout: 300 })).rejects.toMatchObject({
      stage: "permanent",
      outcome: "changed",
      message: "0.2.0 runs but is not permanent: processes still run old code of Shop.Http (1)",
      remedy: "When they have ended: `beamctl release commit`.",
    });
    expect(await permanent()).toBe("0.1.0");
    const { name, cookie, distPort: port } = given.shop;
    await using cli = await Cli.for({ name, cookie, port });
    expect(await commitRelease(node, { dryRun: true })).toMatchObject({
      permanent: false,
      oldCode: {
        count: 1,
        first: [{ module: "Elixir.Shop.Http", what: ":cowboy_stream_h.request_process/3" }],
      },
      verified: [
        { what: "release" },
        { what: "applications" },
        { what: "modules", result: "ok", compared: 11 },
      ],
    });
    const shown = await cli.run(["release", "commit", "--dry-run"]);
    expect(shown.stderr).toMatch(
      /1 processes run old code.*\n {2}#PID<[\d.]+> :cowboy_stream_h.request_process\/3, old code of Shop.Http/,
    );
    expect(shown.stdout).toContain("0.2.0 is not permanent");
    expect(await permanent()).toBe("0.1.0");
    const done = await cli.run(["release", "commit", "--yes", "--json"]);
    expect([done.code, JSON.parse(done.stdout)]).toMatchObject([
      0,
      { node: name, version: "0.2.0", already: false, permanent: true },
    ]);
    expect((await slow).status).toBe(200); // nobody was killed
    expect(await permanent()).toBe("0.2.0");
    const data = await readFile(join(given.shop.root, "releases/start_erl.data"), "utf8");
    expect(data.trim().split(/\s+/)[1]).toBe("0.2.0");
  });

  it("tells when a restart would boot another version all the same", async () => {
    await upgrade(node, "0.1.0", { permanent: false, stateDirectory: state });
    const other = tuple(OK, binary("13.1.5 9.9.9"));
    const remote: Remote = {
      name: node.name,
      call: async (module, fun, args, options) =>
        fun === "read_file" ? other : node.call(module, fun, args, options),
    };
    await expect(commitRelease(remote)).rejects.toMatchObject({
      outcome: "changed",
      message: "0.1.0 is permanent to the release handler, but start_erl.data names 9.9.9",
    });
    expect(await permanent()).toBe("0.1.0");
  });
});
