/** What every transport promises, on TCP and in memory. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { AbortedError, type BeamError, UsageError } from "../../src/errors.ts";
import {
  ConnectionLostError,
  ConnectionRefusedError,
  connectTcp,
  HostNotFoundError,
  listenTcp,
  memoryPair,
  type Transport,
} from "../../src/transport/index.ts";
import { freePort } from "../support/index.ts";

/** Collects what a transport tells. */
class Ear {
  readonly bytes: number[] = [];
  drains = 0;
  closes = 0;
  error: BeamError | undefined;
  readonly closed: Promise<void>;

  constructor(transport: Transport) {
    this.closed = new Promise((resolve) => {
      transport.start({
        data: (chunk) => this.bytes.push(...chunk),
        drain: () => this.drains++,
        closed: (error) => {
          this.closes++;
          this.error = error;
          resolve();
        },
      });
    });
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function tcpPair(): Promise<[Transport, Transport]> {
  const { promise, resolve } = withResolvers<Transport>();
  const listener = await listenTcp(resolve);
  const mine = await connectTcp({ host: "127.0.0.1", port: listener.port });
  const other = await promise;
  void listener.close();
  return [mine, other];
}

describe.each([
  ["tcp", tcpPair],
  ["memory", () => Promise.resolve(memoryPair({ chunkBytes: 3 }))],
] as const)("%s", (_name, pair) => {
  it("delivers chunks in order, also those written before the other side started", async () => {
    const [left, right] = await pair();
    const a = new Ear(left);
    left.write([Uint8Array.of(1, 2), Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5, 6)]);
    const b = new Ear(right);
    right.write([Uint8Array.of(9)]);
    await left.end();
    await Promise.all([a.closed, b.closed]);
    expect(b.bytes).toEqual([1, 2, 3, 4, 5, 6]);
    expect([a.error, b.error]).toEqual([undefined, undefined]);
  });

  it("asks to wait when the other side does not read, and tells when it has", async () => {
    const [left, right] = await pair();
    const a = new Ear(left);
    let sent = 0;
    while (left.write([new Uint8Array(60_000)])) sent += 1;
    expect(a.drains).toBe(0);
    let received = 0;
    const { promise, resolve } = withResolvers<void>();
    right.start({
      data: (chunk) => {
        received += chunk.length;
        if (received === (sent + 1) * 60_000) resolve();
      },
      drain: () => {},
      closed: () => {},
    });
    await promise;
    expect(a.drains).toBeGreaterThan(0);
    left.destroy();
    await a.closed;
  });

  it("tells both sides of a destroyed one, once", async () => {
    const [left, right] = await pair();
    const [a, b] = [new Ear(left), new Ear(right)];
    left.destroy();
    left.destroy();
    await Promise.all([a.closed, b.closed]);
    expect(left.write([Uint8Array.of(1)])).toBe(false);
    await left.end();
    await new Promise(setImmediate);
    expect([a.closes, b.closes]).toEqual([1, 1]);
  });

  it("is started once", async () => {
    const [left, right] = await pair();
    new Ear(left);
    const handler = { data: () => {}, drain: () => {}, closed: () => {} };
    expect(() => left.start(handler)).toThrow(UsageError);
    left.destroy();
    right.destroy();
  });
});

describe("connectTcp", () => {
  it("says what stood in the way", async () => {
    const refused = connectTcp({ host: "127.0.0.1", port: await freePort() });
    await expect(refused).rejects.toThrow(ConnectionRefusedError);
    await expect(refused).rejects.toMatchObject({ code: "BEAM_CONNECT", retryable: true });
    await expect(connectTcp({ host: "no-such-host.invalid", port: 1 })).rejects.toThrow(
      HostNotFoundError,
    );
    await expect(connectTcp({ host: "127.0.0.1", port: 70_000 })).rejects.toThrow(UsageError);
    const gone = AbortSignal.abort("gone");
    await expect(connectTcp({ host: "127.0.0.1", port: 1, signal: gone })).rejects.toThrow(
      AbortedError,
    );
  });

  it("tells a reset from an end in order", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection");
    const { port } = server.address() as AddressInfo;
    const transport = await connectTcp({ host: "127.0.0.1", port });
    const [socket] = (await accepted) as [Socket];
    const ear = new Ear(transport);
    socket.resetAndDestroy();
    await ear.closed;
    server.close();
    expect(ear.error).toBeInstanceOf(ConnectionLostError);
  });
});
