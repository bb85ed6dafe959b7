/** Our node as the one that is called: by real nodes, by others of ours, and by those that should not. */

import { inspect as show } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { CookieRefusedError, NameInUseError } from "../../src/dist/index.ts";
import type { BeamError } from "../../src/errors.ts";
import { greet } from "../../src/node/greet.ts";
import {
  type BeamNode,
  connect,
  type ListenOptions,
  type LocalNode,
  type LocalNodeOptions,
  NameTakenError,
  SpawnRefusedError,
  startNode,
} from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { inspect } from "../../src/term/index.ts";
import { connectTcp } from "../../src/transport/index.ts";
import { provision, startEpmd, startErl } from "../support/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};

/** A listener with the nodes that came and the reasons why others did not. */
async function ours(
  name: string,
  options: Partial<LocalNodeOptions> = {},
  listen: ListenOptions = { epmd: false },
) {
  const came: BeamNode[] = [];
  const reasons: BeamError[] = [];
  const listener = keep(
    await startNode(name, {
      cookie: "shared",
      listen,
      connected: (node) => came.push(node),
      refused: (reason) => reasons.push(reason),
      ...options,
    }),
  );
  const dial = (more: object = {}) =>
    connect(name, {
      cookie: "shared",
      address: { host: "127.0.0.1", port: listener.port },
      ...more,
    });
  return { listener, came, reasons, dial };
}

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("called by %s", (set) => {
  it("is found through EPMD, answers its ping, and speaks back over the same link", async () => {
    const otp = await provision(set);
    const epmd = keep(await startEpmd(otp));
    const erl = keep(await startErl({ otp, epmd }));
    const cookie = erl.cookie;
    const at = { host: "127.0.0.1", port: epmd.port };
    const { listener, came, reasons } = await ours(
      "ours_listening@localhost",
      { cookie },
      { epmd: at },
    );
    const other = { host: "127.0.0.1", port: erl.port };
    const link = keep(await connect(erl.name, { cookie, address: other }));
    const erlang = (text: string) => evaluate(link, text, { language: "erlang" });

    expect(inspect(await erlang("net_adm:ping('ours_listening@localhost')"))).toBe(":pong");
    await expect.poll(() => came.map(({ name }) => name)).toEqual([erl.name]);
    const [node] = came as [BeamNode];
    expect([...listener.nodes.keys()]).toEqual([erl.name]);
    expect(node.localName).toBe("ours_listening@localhost");
    expect(inspect(await erlang("lists:member('ours_listening@localhost', nodes(hidden))"))).toBe(
      "true",
    );
    expect(await node.call("lists", "sum", [[1, 2, 3]])).toBe(6);

    await using mailbox = node.mailbox();
    await link.call("erlang", "send", [mailbox.pid, 42]);
    expect(await mailbox.receive()).toBe(42);
    const refused = await erlang(
      "try rpc:call('ours_listening@localhost', erlang, halt, [], 2000) catch _:R -> R end",
    );
    expect(inspect(refused)).toMatch(/badrpc|notsup/);

    // The node forgets us, and calls again.
    await erlang("erlang:disconnect_node('ours_listening@localhost')");
    await expect.poll(() => listener.nodes.size).toBe(0);
    expect(inspect(await erlang("net_adm:ping('ours_listening@localhost')"))).toBe(":pong");
    await expect.poll(() => came.length).toBe(2);
    expect(reasons).toEqual([]);

    // With another cookie it does not get in.
    await erlang("erlang:disconnect_node('ours_listening@localhost')");
    await erlang("erlang:set_cookie('ours_listening@localhost', other)");
    expect(inspect(await erlang("net_adm:ping('ours_listening@localhost')"))).toBe(":pang");
    await expect.poll(() => reasons.length).toBe(1);
    expect(reasons[0]).toBeInstanceOf(CookieRefusedError);
    expect(show(reasons, { depth: 9, showHidden: true })).not.toContain(cookie);
  });
});

describe("two of ours, without any BEAM", () => {
  it("see each other under names that are given, and execute nothing", async () => {
    const { listener, came, dial } = await ours("a@localhost");
    const node = keep(await dial());
    await expect.poll(() => came.length).toBe(1);
    expect(node.name).toBe("a@localhost");
    expect(came[0]?.name).toBe(node.localName);
    expect(node.creation).toBe(listener.creation);
    expect(await node.ping()).toBeGreaterThan(0);
    expect(await (came[0] as BeamNode).ping()).toBeGreaterThan(0);
    await expect(node.call("erlang", "halt", [])).rejects.toThrow(SpawnRefusedError);

    await using there = (came[0] as BeamNode).mailbox();
    await using here = node.mailbox();
    node.send(there.pid, [here.pid, new Uint8Array(300_000)]);
    const [pid, bytes] = (await there.receive()) as [typeof here.pid, Uint8Array];
    expect(bytes.length).toBe(300_000);
    (came[0] as BeamNode).send(pid, 7);
    expect(await here.receive()).toBe(7);
    const monitor = node.monitor(there.pid);
    await node.ping(); // it has arrived
    there.close();
    expect(inspect(await monitor.down)).toBe(":normal");
  });

  it("many at once, each with its own name; all end with the listener", async () => {
    const { listener, dial } = await ours("b@localhost");
    const nodes = await Promise.all(Array.from({ length: 50 }, () => dial()));
    expect(new Set(nodes.map(({ localName }) => localName)).size).toBe(50);
    await expect.poll(() => listener.nodes.size).toBe(50);
    await listener.close();
    await Promise.all(nodes.map(({ closed }) => closed));
    await expect(dial()).rejects.toMatchObject({ code: "BEAM_CONNECT" });
  });

  it("a name that is connected is not taken, unless its holder says so", async () => {
    const { listener, came, reasons, dial } = await ours("c@localhost");
    const first = keep(await dial({ localName: "same@localhost" }));
    await expect(dial({ localName: "same@localhost" })).rejects.toThrow(NameInUseError);
    await expect.poll(() => reasons.length).toBe(1);
    expect(reasons[0]).toBeInstanceOf(NameInUseError);
    expect(await first.ping()).toBeGreaterThan(0);

    const link = await greet(await connectTcp({ host: "127.0.0.1", port: listener.port }), {
      session: {
        role: "initiator",
        name: "same@localhost",
        creation: 5,
        challenge: 6,
        cookie: "shared",
        takeOver: true,
      },
      timeout: 5_000,
      maxPending: 10,
    });
    expect(await first.closed).toMatchObject({ code: "BEAM_NODE_DOWN" });
    await expect.poll(() => came.length).toBe(2);
    expect([...listener.nodes.keys()]).toEqual(["same@localhost"]);
    expect(listener.nodes.get("same@localhost")?.creation).toBe(5);
    await link.close(100);
  });

  it("the listener's own name is refused, and a caller without a cookie too", async () => {
    const known = (peer: string) => (peer === "friend@localhost" ? "shared" : undefined);
    const { reasons, dial } = await ours("d@localhost", { cookie: known });
    keep(await dial({ localName: "friend@localhost" }));
    await expect(dial({ localName: "stranger@localhost" })).rejects.toThrow();
    await expect(dial({ localName: "d@localhost" })).rejects.toMatchObject({ code: "BEAM_AUTH" });
    await expect.poll(() => reasons.length).toBe(2);
  });
});

it("a name that EPMD has already is not listened on", async () => {
  const epmd = keep(await startEpmd(await provision("otp27")));
  const at = { host: "127.0.0.1", port: epmd.port };
  const { listener } = await ours("taken@localhost", {}, { epmd: at });
  await expect(ours("taken@localhost", {}, { epmd: at })).rejects.toThrow(NameTakenError);
  await (listener satisfies LocalNode).close();
  await expect
    .poll(() =>
      ours("taken@localhost", {}, { epmd: at }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});
