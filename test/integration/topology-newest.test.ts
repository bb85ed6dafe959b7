/** The newest Ranch and Cowboy that Debian has, on its newest OTP: several listeners at once, TLS, websockets over HTTP/1 and HTTP/2. */

import { once } from "node:events";
import { readdir } from "node:fs/promises";
import http2 from "node:http2";
import { connect as dial } from "node:net";
import { connect as dialTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  evaluate,
  leftSuspended,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import {
  type Channel,
  type Connection,
  channels,
  connections,
  listeners,
} from "../../src/topology/index.ts";
import { stacksOf } from "../../src/topology/stacks.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { cowboyFor } from "../support/shop/cowboy.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";
import { type Certificates, makeCertificates } from "../support/tls/certificates.ts";

const TRUSTING = { rejectUnauthorized: false } as const; // of a certificate that its own test made

describe.runIf(await hasRabbit())("the newest Ranch and Cowboy", () => {
  let shop: ShopNode;
  let node: BeamNode;
  let remote: Remote;
  let certificates: Certificates;
  let clear: number;
  let secure: number;

  beforeAll(async () => {
    const otp = await provision("otp29");
    certificates = await makeCertificates(otp);
    shop = await startShop({ otp, acceptors: 3 });
    const address = { host: "127.0.0.1", port: shop.distPort };
    node = await connect(shop.name, { cookie: shop.cookie, address });
    remote = observer(node);
    const file = (name: string): string => JSON.stringify(`${certificates.folder}/${name}`);
    await evaluate(
      node,
      `Dispatch = cowboy_router:compile([{'_', [{"/ws", 'Elixir.Shop.UserSocket', []}, {"/slow", 'Elixir.Shop.Http', slow}]}]),
       Local = [{ip, {127, 0, 0, 1}}, {port, 0}],
       Options = #{env => #{dispatch => Dispatch}, enable_connect_protocol => true},
       {ok, _} = cowboy:start_clear(clear, #{num_acceptors => 2, socket_opts => Local}, Options),
       {ok, _} = cowboy:start_tls(secure, #{num_acceptors => 4, num_conns_sups => 2,
         socket_opts => [{certfile, ${file("server.pem")}}, {keyfile, ${file("server.key")}} | Local]}, Options), ok`,
      { language: "erlang" },
    );
    const ports = Object.fromEntries(
      (await listeners(remote)).map(({ name, address }) => [name, address?.port]),
    );
    clear = ports[":clear"] as number;
    secure = ports[":secure"] as number;
  });

  afterAll(async () => {
    await node?.close();
    await shop?.[Symbol.asyncDispose]();
    await certificates?.[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    await until(async () => (await all()).length === 0);
  });

  const all = async (): Promise<readonly Connection[]> => (await connections(remote)).connections;

  it("say their versions, which are those of the packages", async () => {
    const found = await readdir(await cowboyFor(await provision("otp29")));
    const { ranch = "", cowboy = "" } = await stacksOf(remote);
    expect(found).toEqual(expect.arrayContaining([`ranch-${ranch}`, `cowboy-${cowboy}`]));
    if ((await provision("otp29")).release < 29) return; // not on Debian
    expect(atLeast(ranch, 2, 3), ranch).toBe(true);
    expect(atLeast(cowboy, 2, 20), cowboy).toBe(true);
  });

  it("have each of several listeners found where it hangs", async () => {
    const found = await listeners(remote);
    expect(
      found.map(({ name, kind, status, embedded, application, protocol, acceptors, supervisors }) =>
        [
          name,
          kind,
          status,
          embedded ? "embedded" : "under ranch_sup",
          application,
          protocol,
          acceptors.length,
          supervisors.connections.length,
        ].join(" "),
      ),
    ).toEqual([
      ":clear ranch2 running under ranch_sup ranch cowboy_clear 2 2",
      ":secure ranch2 running under ranch_sup ranch cowboy_tls 4 2",
      "Shop.Endpoint.HTTP ranch2 running embedded shop cowboy_clear 3 3",
    ]);
  });

  it("are held or refused one by one, the others go on", async () => {
    const states = async () => (await listeners(remote)).map(({ status }) => status);
    const [, tls] = await listeners(remote);
    for (const { supervisor, id } of tls?.acceptors ?? []) {
      await terminateChild(node, supervisor, id);
    }
    expect(await states()).toEqual(["running", "held", "running"]);
    const waits = dialTls({ port: secure, host: "127.0.0.1", ...TRUSTING });
    const shaken = once(waits, "secureConnect");
    await once(waits, "connect"); // by the kernel; nobody answers the handshake yet
    for (const { supervisor, id } of tls?.acceptors ?? []) await restartChild(node, supervisor, id);
    await shaken;
    waits.destroy();
    for (const { supervisor, id } of tls?.stops.refuse ?? []) {
      await terminateChild(node, supervisor, id);
    }
    expect(await states()).toEqual(["running", "suspended", "running"]);
    for (const { supervisor, id } of tls?.stops.refuse ?? []) {
      await restartChild(node, supervisor, id);
    }
    const again = await listeners(remote);
    expect(again.map(({ status }) => status)).toEqual(["running", "running", "running"]);
    secure = again[1]?.address?.port as number; // port 0 asks for a new one each time
  });

  it("have connections over TLS told apart, and one that has not shaken hands is unknown", async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${secure}/ws`, TRUSTING);
    await once(socket, "open");
    await join(socket, "room:tls");
    const idle = dialTls({ port: secure, host: "127.0.0.1", ...TRUSTING });
    await once(idle, "secureConnect");
    const early = dial(secure, "127.0.0.1");
    await once(early, "connect");
    const session = http2.connect(`https://127.0.0.1:${secure}`, TRUSTING);
    await once(session, "remoteSettings");
    const slow = session.request({ ":path": "/slow?ms=1500" });
    await until(async () => (await all()).some(({ kind }) => kind === "http-busy"));
    const seen = (await all()).map(
      ({ listener, kind, requests, channels: its, stop, evidence }) =>
        `${listener} ${kind} ${requests.length} ${topicsOf(its)} ${stop}; ${evidence}`,
    );
    expect(seen.sort()).toEqual([
      ":secure http-busy 1  suspend; it runs cowboy_http2",
      ":secure http-idle 0  suspend; it runs cowboy_http",
      ":secure unknown 0  none; it shows no module of Cowboy",
      ":secure websocket 0 room:tls suspend; it runs cowboy_websocket",
    ]);
    slow.resume();
    await once(slow, "end");
    session.destroy();
    for (const end of [early, idle]) end.destroy();
    socket.terminate();
  });

  it("keep every kind apart while all is suspended, a websocket over HTTP/2 too", async () => {
    const embedded = new WebSocket(`ws://127.0.0.1:${shop.httpPort}/socket/websocket`);
    await once(embedded, "open");
    await join(embedded, "room:embedded");
    const plain = new WebSocket(`ws://127.0.0.1:${clear}/ws`);
    await once(plain, "open");
    const session = http2.connect(`http://127.0.0.1:${clear}`);
    await once(session, "remoteSettings");
    const stream = session.request({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": "/ws",
      "sec-websocket-version": "13",
    });
    await once(stream, "response");
    const joined = once(stream, "data");
    stream.write(masked('["1","1","room:h2","phx_join",{}]'));
    await joined;
    const rows = async () =>
      (await all())
        .map(
          ({ listener, kind, requests, channels: its }) =>
            `${listener} ${kind} ${requests.length} ${topicsOf(its)}`,
        )
        .sort();
    const expected = [
      ":clear http-idle 0 ",
      ":clear websocket 0 ",
      ":clear websocket 0 room:h2",
      "Shop.Endpoint.HTTP websocket 0 room:embedded",
    ];
    expect(await rows()).toEqual(expected);
    const before = await all();
    for (const { pid } of before) await node.call("sys", "suspend", [pid]);
    expect(await rows()).toEqual(expected);
    expect((await all()).every(({ suspended }) => suspended)).toBe(true);
    expect((await leftSuspended(remote)).map(String).sort()).toEqual(
      before.map(({ pid }) => String(pid)).sort(),
    );
    for (const { pid } of before) await node.call("sys", "resume", [pid]);
    expect((await all()).some(({ suspended }) => suspended)).toBe(false);
    const reply = once(stream, "data");
    stream.write(masked('["1","2","room:h2","push",{"n":7}]'));
    expect(String((await reply)[0])).toContain('"n":7');
    expect(await channels(remote)).toHaveLength(2);
    session.destroy();
    for (const socket of [embedded, plain]) socket.terminate();
  });
});

async function join(socket: WebSocket, topic: string): Promise<void> {
  const reply = once(socket, "message");
  socket.send(JSON.stringify(["1", "1", topic, "phx_join", {}]));
  await reply;
}

function topicsOf(found: readonly Channel[]): string {
  return found.map(({ topic }) => topic ?? "").join();
}

/** A short text in a frame of a client, masked with zeros. */
function masked(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split(".").map(Number);
  return first > major || (first === major && second >= minor);
}

/** Asks again until it is so; the test's own time limit ends it. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}
