/** Every way that connecting can go, against real nodes: each failure is its own error that says what to do. */

import { createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CookieRefusedError,
  HandshakeTimeoutError,
  WrongNodeNameError,
} from "../../src/dist/index.ts";
import { AbortedError, BeamError } from "../../src/errors.ts";
import {
  type BeamNode,
  type ConnectOptions,
  connect,
  EpmdUnreachableError,
  NodeNotRegisteredError,
} from "../../src/node/index.ts";
import { inspect as show } from "../../src/term/index.ts";
import { ConnectionRefusedError, HostNotFoundError } from "../../src/transport/index.ts";
import {
  type BeamProcess,
  type EpmdProcess,
  freePort,
  provision,
  startEpmd,
  startErl,
} from "../support/index.ts";

describe.each(["otp25", "otp27", "otp29"] as const)("%s", (set) => {
  let epmd: EpmdProcess;
  let erl: BeamProcess;
  beforeAll(async () => {
    const otp = await provision(set);
    epmd = await startEpmd(otp);
    erl = await startErl({ otp, epmd });
  });
  afterAll(async () => {
    await erl?.[Symbol.asyncDispose]();
    await epmd?.[Symbol.asyncDispose]();
  });

  const byAddress = (more: Partial<ConnectOptions> = {}) =>
    connect(erl.name, { cookie: erl.cookie, address: `127.0.0.1:${erl.port}`, ...more });
  const byEpmd = (name = erl.name, more: Partial<ConnectOptions> = {}) =>
    connect(name, { cookie: erl.cookie, epmd: { host: "127.0.0.1", port: epmd.port }, ...more });

  it("is reached through EPMD and by its address, hidden, with a name that it gives", async () => {
    for (const node of [await byEpmd(), await byAddress()]) {
      expect(node.name).toBe(erl.name);
      expect(node.creation).toBeGreaterThan(3);
      expect(await seen(node, "connected")).toContain(node.localName);
      expect(await seen(node, "visible")).not.toContain(node.localName);
      await node.close();
      expect(await node.closed).toBeUndefined();
    }
  });

  it("takes a name of ours, and the same one again after a close", async () => {
    for (let time = 0; time < 2; time++) {
      await using node = await byAddress({ localName: "beamctl_fixed" });
      expect(node.localName).toMatch(/^beamctl_fixed@/);
      expect(await node.ping()).toBeGreaterThan(0);
    }
  });

  it("takes several links at a time", async () => {
    const nodes = await Promise.all([byAddress(), byAddress(), byAddress()]);
    expect(new Set(nodes.map(({ localName }) => localName)).size).toBe(3);
    await Promise.all(nodes.map((node) => node.close()));
  });

  it("refuses a wrong cookie", async () => {
    const error = await failure(byAddress({ cookie: "not-the-cookie" }));
    expect(error).toBeInstanceOf(CookieRefusedError);
    expect(error.code).toBe("BEAM_AUTH");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("not-the-cookie");
  });

  it("tells its real name", async () => {
    const address = `127.0.0.1:${erl.port}`;
    const error = await failure(connect("other@localhost", { cookie: erl.cookie, address }));
    expect(error).toBeInstanceOf(WrongNodeNameError);
    expect((error as WrongNodeNameError).actual).toBe(erl.name);
  });

  it("is told from those that EPMD does not know", async () => {
    const error = await failure(byEpmd("nobody@localhost"));
    expect(error).toBeInstanceOf(NodeNotRegisteredError);
    expect((error as NodeNotRegisteredError).registered).toEqual([erl.name.split("@")[0]]);
  });

  it("shows no cookie when the link is printed", async () => {
    await using node = await byAddress();
    expect(inspect(node, { depth: 9, showHidden: true })).not.toContain(erl.cookie);
  });
});

describe("where no node is", () => {
  const cookie = "c";
  let silent: Server;
  let port: number;
  beforeAll(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    port = (silent.address() as { port: number }).port;
  });
  afterAll(() => silent.close());

  it("nothing listens", async () => {
    const address = { host: "127.0.0.1", port: await freePort() };
    expect(await failure(connect("a@b", { cookie, address }))).toBeInstanceOf(
      ConnectionRefusedError,
    );
  });

  it("somebody listens and is silent", async () => {
    const address = { host: "127.0.0.1", port };
    const error = await failure(connect("a@b", { cookie, address, timeout: 300 }));
    expect(error).toBeInstanceOf(HandshakeTimeoutError);
  });

  it("there is no such host", async () => {
    const error = await failure(connect("a@no-such-host.invalid", { cookie }));
    expect(error).toBeInstanceOf(HostNotFoundError);
  });

  it("there is no EPMD", async () => {
    const epmd = { host: "127.0.0.1", port: await freePort() };
    expect(await failure(connect("a@localhost", { cookie, epmd }))).toBeInstanceOf(
      EpmdUnreachableError,
    );
  });

  it("and the user has lost patience", async () => {
    const stop = new AbortController();
    const address = { host: "127.0.0.1", port };
    const waiting = failure(connect("a@b", { cookie, address, signal: stop.signal }));
    setImmediate(() => stop.abort());
    expect(await waiting).toBeInstanceOf(AbortedError);
  });
});

async function failure(attempt: Promise<BeamNode>): Promise<BeamError> {
  const error = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(BeamError);
  if (!(error instanceof AbortedError)) {
    expect((error as BeamError).remedy).toEqual(expect.any(String));
  }
  return error as BeamError;
}

async function seen(node: BeamNode, kind: string): Promise<string> {
  const { atom } = await import("../../src/term/index.ts");
  return show(await node.call("erlang", "nodes", [atom(kind)]));
}
