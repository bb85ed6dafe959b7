/** A live Phoenix whose distribution speaks TLS alone: who is let in, and what the others are told. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { CookieRefusedError } from "../../src/dist/index.ts";
import { channels, listeners } from "../../src/topology/index.ts";
import { TlsError } from "../../src/transport/index.ts";
import { Cli } from "../support/cli/run.ts";
import { request } from "../support/phoenix/requests.ts";
import { Rooms } from "../support/phoenix/rooms.ts";
import { connectPhoenix, type PhoenixTarget, phoenixTarget } from "../support/phoenix-target.ts";

const given = phoenixTarget("TLS");
const { env } = process;
const [ca = "", cert = "", key = ""] = [
  env.BEAMCTL_TEST_TLS_CA,
  env.BEAMCTL_TEST_TLS_CERT,
  env.BEAMCTL_TEST_TLS_KEY,
];

describe.skipIf(given === undefined)("a Phoenix behind TLS", () => {
  const target = given as PhoenixTarget;
  beforeAll(() => {
    const lacks = [ca, cert, key].includes("");
    expect(lacks, "BEAMCTL_TEST_TLS_CA, _CERT or _KEY names no file").toBe(false);
  });
  const read = (file: string) => readFileSync(file, "utf8");
  const ours = () => ({ ca: read(ca), cert: read(cert), key: read(key) });
  const cliOf = (cookie: string) => Cli.for({ name: target.node, address: target.address, cookie });

  const failure = async (work: PromiseLike<AsyncDisposable>): Promise<unknown> => {
    try {
      await using _node = await work;
    } catch (error) {
      return error;
    }
    return "connected";
  };

  it("lets in who shows a certificate that it knows, and is operated as any other", async () => {
    await using node = await connectPhoenix(target, { tls: ours });
    const { body } = await request(target, "/version");
    expect(JSON.parse(body)).toMatchObject({ node: node.name });
    expect(await listeners(node)).toMatchObject([{ status: "running", application: "shop" }]);
    using _rooms = await Rooms.open(target, 2, "room:tls");
    expect(await channels(node)).toMatchObject([{ topic: "room:tls" }, { topic: "room:tls" }]);
    const large = new Uint8Array(5_000_000);
    expect(await node.call("erlang", "byte_size", [large])).toBe(large.length);
  });

  it("is operated by the command, with the files", async () => {
    await using cli = await cliOf(target.cookie);
    const flags = ["--tls-ca", ca, "--tls-cert", cert, "--tls-key", key];
    const { stdout, stderr, code } = await cli.run(["rpc", "Shop.Counter.value()", ...flags]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^\d+\n$/);
  });

  it("takes no plain link", async () => {
    const error = await failure(connectPhoenix(target, { timeout: 5_000 }));
    expect(error).toMatchObject({ code: "BEAM_CONNECT", remedy: expect.stringContaining("TLS") });
    await using cli = await cliOf(target.cookie);
    const { code, stderr } = await cli.run(["ping", "--timeout", "5s"]);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^error: .*\n {2}try: .*TLS/);
  });

  it("refuses who shows no certificate, and we refuse one whose authority we do not know", async () => {
    for (const tls of [{ ca: read(ca) }, { cert: read(cert), key: read(key) }]) {
      const error = await failure(connectPhoenix(target, { tls }));
      expect(error instanceof TlsError ? error : (error as Error).cause).toBeInstanceOf(TlsError);
    }
  });

  it("refuses a wrong cookie all the same", async () => {
    const error = await failure(connectPhoenix(target, { cookie: "not-the-cookie", tls: ours }));
    expect(error).toBeInstanceOf(CookieRefusedError);
    await using cli = await cliOf("not-the-cookie");
    const flags = ["--tls-ca", ca, "--tls-cert", cert, "--tls-key", key];
    const { code, stderr } = await cli.run(["ping", ...flags]);
    expect([code, stderr]).toEqual([77, expect.stringContaining("refused the cookie")]);
  });
});
