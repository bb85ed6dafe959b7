/** Our EPMD, with unmodified nodes registered at it, and Erlang's own tools and the npm client asking it. */

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { promisify } from "node:util";
import { Client } from "epmd-client";
import { afterEach, describe, expect, it } from "vitest";
import {
  connect,
  EpmdServer,
  epmdLookup,
  epmdNames,
  epmdRegister,
  epmdServe,
  NameTakenError,
  NodeNotRegisteredError,
} from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { inspect } from "../../src/term/index.ts";
import { provision, startErl } from "../support/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};
const short = (name: string) => name.split("@")[0] as string;

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("nodes of %s", (set) => {
  it("register, find each other, and are gone with their end", async () => {
    const otp = await provision(set);
    const epmd = keep(await epmdServe({ port: 0 }));
    const [a, b] = [keep(await startErl({ otp, epmd })), keep(await startErl({ otp, epmd }))];
    const at = { host: "127.0.0.1", port: epmd.port };
    const names = [a, b].map(({ name, port }) => ({ name: short(name), port }));
    expect(await epmdNames(at)).toEqual(names);
    expect(epmd.nodes).toEqual(names);
    expect(await epmdLookup(short(a.name), at)).toMatchObject({ port: a.port, hidden: false });

    const { stdout } = await promisify(execFile)(
      otp.bin("epmd"),
      ["-port", `${epmd.port}`, "-names"],
      {
        env: { ...process.env, ...otp.env },
      },
    );
    for (const { name, port } of names) expect(stdout).toContain(`name ${name} at port ${port}`);

    const node = keep(await connect(a.name, { cookie: a.cookie, epmd: at }));
    const erlang = (text: string) => evaluate(node, text, { language: "erlang" });
    await erlang(`erlang:set_cookie('${b.name}', '${b.cookie}')`);
    expect(inspect(await erlang(`net_adm:ping('${b.name}')`))).toBe(":pong");
    expect(inspect(await erlang("element(1, net_adm:names('localhost'))"))).toBe(":ok");

    b.kill();
    await expect.poll(() => epmd.nodes).toEqual([names[0]]);
    await expect(epmdLookup(short(b.name), at)).rejects.toThrow(NodeNotRegisteredError);
  });

  it("are led through a proxy of ours", async () => {
    const otp = await provision(set);
    let through = 0;
    const sockets: Socket[] = [];
    let target = 0;
    const proxy: Server = createServer((near) => {
      const far = dial(target, "127.0.0.1");
      for (const socket of [near, far]) socket.on("error", () => undefined);
      sockets.push(near, far);
      near.on("data", (data) => {
        through += data.length;
      });
      near.pipe(far).pipe(near);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const led = (proxy.address() as { port: number }).port;
    const secret = "hidden_from_all";
    const epmd = keep(
      await epmdServe({
        port: 0,
        portFor: ({ name, port }) =>
          name === secret ? undefined : name.startsWith("led") ? led : port,
      }),
    );
    const name = `led_${process.pid}@localhost`;
    const a = keep(await startErl({ otp, epmd }));
    const b = keep(await startErl({ otp, epmd, name, cookie: a.cookie }));
    target = b.port;
    const at = { host: "127.0.0.1", port: epmd.port };
    await using hidden = await epmdRegister(secret, 4711, at);
    await expect(epmdLookup(hidden.name, at)).rejects.toThrow(NodeNotRegisteredError);
    expect((await epmdNames(at)).map((found) => found.port)).toEqual([a.port, led]);

    const node = keep(await connect(a.name, { cookie: a.cookie, epmd: at }));
    const pong = await evaluate(node, `net_adm:ping('${name}')`, { language: "erlang" });
    expect(inspect(pong)).toBe(":pong");
    expect(through).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
});

describe("whoever asks", () => {
  it("is told what the npm client and ours can read, a taken name is refused, and nobody can end it", async () => {
    const epmd = keep(await epmdServe({ port: 0 }));
    const at = { host: "127.0.0.1", port: epmd.port };
    const registration = keep(await epmdRegister("mine", 4712, at));
    expect(registration.creation).toBeGreaterThan(3);
    await expect(epmdRegister("mine", 4713, at)).rejects.toThrow(NameTakenError);
    const other = new Client(at.host, at.port);
    other.connect();
    other.getNode("mine");
    const [theirs] = (await once(other, "node")) as [{ data: { port: number } }];
    other.end();
    expect(theirs.data.port).toBe(4712);
    for (const kind of [107, 115]) {
      const socket = dial(epmd.port, "127.0.0.1");
      socket.end(Buffer.from([0, 1, kind]));
      const [reply] = (await once(socket, "data")) as [Buffer];
      expect(reply.toString()).toBe(kind === 107 ? "NO" : "NOEXIST");
    }
    await registration.close();
    await expect.poll(() => epmd.nodes).toEqual([]);
  });

  it("in another way is hung up on, and nothing else happens", async () => {
    const epmd = keep(await epmdServe({ port: 0 }));
    expect(epmd).toBeInstanceOf(EpmdServer);
    for (const bytes of [
      "GET / HTTP/1.1\r\n\r\n",
      "\0\u0001\u0007",
      "\0\u0003z@\n",
      "\0\u0004xabc",
    ]) {
      const socket = dial(epmd.port, "127.0.0.1");
      socket.write(Buffer.from(bytes, "latin1"));
      if (bytes.startsWith("GET")) socket.write(Buffer.alloc(70_000)); // what it says is its length is awaited
      socket.on("error", () => undefined).resume();
      await new Promise((resolve) => socket.on("close", resolve));
    }
    expect(await epmdNames({ host: "127.0.0.1", port: epmd.port })).toEqual([]);
  });

  it("and registered stays so when our EPMD is restarted", async () => {
    const otp = await provision("otp27");
    const first = await epmdServe({ port: 0 });
    const { port } = first;
    const ours = keep(await epmdRegister("again", 4714, { host: "127.0.0.1", port }));
    const erl = keep(await startErl({ otp, epmd: first }));
    await first.close();
    const second = keep(await epmdServe({ port }));
    await expect
      .poll(() => second.nodes.map(({ name }) => name).sort(), { timeout: 20_000 })
      .toEqual([ours.name, short(erl.name)].sort());
  });
});
