import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { startNode } from "../../src/node/index.ts";
import { connectTcp, PlainLinkError, staysHere } from "../../src/transport/index.ts";

describe("a connection stays on this machine", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.3.2.1", "127.0.0.1", true],
    ["::1", "::1", true],
    ["10.0.0.7", "10.0.0.7", true],
    ["10.0.0.7", "10.0.0.8", false],
    ["fe80::1", "::1", false],
    ["2001:db8::1", "2001:db8::1", true],
    [undefined, undefined, false],
  ])("to %s from %s: %s", (remote, local, stays) => {
    expect(staysHere(remote, local)).toBe(stays);
  });

  it("also by an address of its own in the network", async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((found) => found?.family === "IPv4" && !found.internal)?.address;
    if (own === undefined) return;
    const server = createServer().listen(0, own);
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    (await connectTcp({ host: own, port, localOnly: true })).destroy();
    server.close();
  });
});

it("our node does not listen to the network without TLS, unless it is told to", async () => {
  const listen = { epmd: false, host: "0.0.0.0" } as const;
  const start = (more: object) =>
    startNode("open@localhost", { cookie: "c", listen: { ...listen, ...more } });
  await expect(start({})).rejects.toThrow(PlainLinkError);
  await (await start({ plain: true })).close();
});
