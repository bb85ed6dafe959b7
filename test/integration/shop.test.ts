/** The shop of the demo and of the upgrade tests is what it says: a release that Phoenix's client talks to and the release handler changes. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Channel, Socket } from "phoenix";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  checkInstallRelease,
  installRelease,
  makePermanent,
  type ReleaseStatus,
  unpackRelease,
  whichReleases,
} from "../../src/otp/index.ts";
import { atom, inspect, type Term, type Tuple } from "../../src/term/index.ts";
import { hasRabbit, type OtpSet, provision } from "../support/index.ts";
import { type ShopNode, type ShopOptions, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // Ranch and Cowboy come with it
const SETS: readonly OtpSet[] = ["otp25", "otp27", "otp29"];

describe.skipIf(!HAVE).each(SETS)("the shop on %s", (set) => {
  it("is upgraded and downgraded under Phoenix's own client, which keeps its socket and its state", async () => {
    await using shop = await startShop({ otp: await provision(set) });
    await using node = await connectTo(shop);
    await using client = await Client.open(shop);
    expect(await client.push(1)).toEqual({ n: 1, version: "0.1.0", seq: 1 });
    expect(await client.push(2)).toEqual({ n: 2, version: "0.1.0", seq: 2 });
    expect(await counter(node)).toBe("2");

    await unpackRelease(node, "shop-0.2.0");
    expect((await checkInstallRelease(node, "0.2.0")).from).toBe("0.1.0");
    await installRelease(node, "0.2.0");
    expect(await client.push(3)).toEqual({ n: 3, version: "0.2.0", seq: 3 });
    expect(await counter(node)).toBe("%{pushes: 3}");
    expect(await served(shop)).toBe("0.2.0");
    await makePermanent(node, "0.2.0");
    expect(await statuses(node)).toEqual({ "0.1.0": "old", "0.2.0": "permanent" });
    expect(await readFile(join(shop.root, "releases/start_erl.data"), "utf8")).toMatch(/ 0\.2\.0$/);

    await installRelease(node, "0.1.0");
    expect(await client.push(4)).toEqual({ n: 4, version: "0.1.0", seq: 4 });
    expect(await counter(node)).toBe("4");
    expect(await served(shop)).toBe("0.1.0");
    expect(await statuses(node)).toEqual({ "0.1.0": "current", "0.2.0": "permanent" });
    expect(client.closes).toBe(0);
  });

  it("keeps the settings that only this instance has", async () => {
    await using shop = await startShop({ otp: await provision(set) });
    await using node = await connectTo(shop);
    await unpackRelease(node, "shop-0.2.0");
    await installRelease(node, "0.2.0");
    const port = await node.call("application", "get_env", [atom("shop"), atom("http_port")]);
    expect(inspect(port)).toBe(`{:ok, ${shop.httpPort}}`);
  });

  it("boots a later version just as well", async () => {
    await using shop = await start(set, { version: "0.2.0", packages: [] });
    await using client = await Client.open(shop);
    expect(await client.push(1)).toEqual({ n: 1, version: "0.2.0", seq: 1 });
  });
});

describe.skipIf(!HAVE)("the shop's wire", () => {
  it("ends a channel when its client leaves, and takes a second join in place of the first", async () => {
    await using shop = await start();
    await using client = await Client.open(shop);
    await client.push(1);
    const again = client.socket.channel("room:1");
    await joined(again);
    expect(await pushed(again, 1)).toEqual({ n: 1, version: "0.1.0", seq: 1 });
    await new Promise((resolve) => again.leave().receive("ok", resolve));
    await using node = await connectTo(shop);
    await expect.poll(() => channelCount(node)).toBe(0);
    expect(client.closes).toBe(0);
  });

  it("refuses a topic that is no room", async () => {
    await using shop = await start();
    await using client = await Client.open(shop);
    await expect(joined(client.socket.channel("attic"))).rejects.toEqual({
      reason: "unmatched topic",
    });
  });
});

describe.skipIf(!HAVE)("the shop's bad packages", () => {
  it("0.3.0 has no relup: the check passes, the install does not, and 0.1.0 runs on", async () => {
    await using shop = await start("otp25", { packages: ["0.3.0"] });
    await using node = await connectTo(shop);
    await unpackRelease(node, "shop-0.3.0");
    await checkInstallRelease(node, "0.3.0");
    await expect(installRelease(node, "0.3.0")).rejects.toThrow(/no relup/);
    expect(await served(shop)).toBe("0.1.0");
  });

  it("0.4.0 fails past the point of no return: the release handler restarts the node on 0.1.0", async () => {
    await using shop = await start("otp25", { packages: ["0.4.0"] });
    await using node = await connectTo(shop);
    await unpackRelease(node, "shop-0.4.0");
    await expect(installRelease(node, "0.4.0")).rejects.toThrow();
    await shop.waitFor(/listens on port[\s\S]*listens on port/);
    expect(await served(shop)).toBe("0.1.0");
  });

  it("without sasl there is no release handler", async () => {
    await using shop = await start("otp25", { sasl: false });
    await using node = await connectTo(shop);
    await expect(whichReleases(node)).rejects.toThrow(/does not run/);
  });
});

async function start(
  set: OtpSet = "otp25",
  options: Omit<ShopOptions, "otp"> = {},
): Promise<ShopNode> {
  return startShop({ otp: await provision(set), ...options });
}

function connectTo(shop: ShopNode): Promise<BeamNode> {
  const address = { host: "127.0.0.1", port: shop.distPort };
  return connect(shop.name, { cookie: shop.cookie, address });
}

async function served(shop: ShopNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${shop.httpPort}/version`)).text();
}

async function counter(node: BeamNode): Promise<string> {
  return inspect(await node.call("sys", "get_state", [atom("Elixir.Shop.Counter")]));
}

async function statuses(node: BeamNode): Promise<Record<string, ReleaseStatus>> {
  const releases = await whichReleases(node);
  return Object.fromEntries(releases.map(({ version, status }) => [version, status]));
}

/** How many channels the pool's supervisor of shards has in all. */
async function channelCount(node: BeamNode): Promise<number> {
  const children = async (supervisor: Term): Promise<Term[]> => {
    const answer = await node.call("supervisor", "which_children", [supervisor]);
    return (answer as Tuple[]).map(({ items }) => items[1] as Term);
  };
  const shards = await children(atom("Elixir.Shop.Endpoint.Shop.UserSocket"));
  return (await Promise.all(shards.map(children))).flat().length;
}

function joined(channel: Channel): Promise<unknown> {
  return new Promise((resolve, reject) => {
    channel.join().receive("ok", resolve).receive("error", reject);
  });
}

function pushed(channel: Channel, n: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    channel.push("push", { n }).receive("ok", resolve).receive("error", reject);
  });
}

/** Phoenix's client in `room:1`. */
class Client implements AsyncDisposable {
  readonly socket: Socket;
  readonly #channel: Channel;
  closes = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#channel = socket.channel("room:1");
    socket.onClose(() => {
      this.closes += 1;
    });
  }

  static async open(shop: ShopNode): Promise<Client> {
    const socket = new Socket(`ws://127.0.0.1:${shop.httpPort}/socket`, { transport: WebSocket });
    const client = new Client(socket);
    socket.connect();
    await joined(client.#channel);
    return client;
  }

  push(n: number): Promise<unknown> {
    return pushed(this.#channel, n);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.socket.disconnect(() => resolve()));
  }
}
