/** Programs of others that call our node: in Java with JInterface, in C with erl_interface. */

import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { BeamError } from "../../src/errors.ts";
import {
  type BeamNode,
  type EpmdServer,
  epmdServe,
  type LocalNodeOptions,
  type Mailbox,
  SpawnRefusedError,
  startNode,
} from "../../src/node/index.ts";
import {
  atom,
  Bitstring,
  binary,
  charlist,
  ExternalFun,
  equals,
  Float,
  ImproperList,
  inspect,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";
import { Child } from "../../src/testing/launch/child.ts";
import { makeHome } from "../../src/testing/launch/home.ts";
import { hasStrangers, provisionStrangers } from "../support/beam/provision.ts";
import type { Command, Strangers } from "../support/beam/strangers.ts";
import { makeCookie, uniqueName } from "../support/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};

const OURS = uniqueName("ours");

/** Our node; `called` is who calls, and fails with the reason when it is turned away. */
async function ours(cookie: string, epmd: EpmdServer) {
  const then = {} as Required<Pick<LocalNodeOptions, "connected" | "refused">>;
  const called = new Promise<BeamNode>((connected, refused) => {
    Object.assign(then, { connected, refused });
  });
  const listen = { epmd: { host: "127.0.0.1", port: epmd.port } };
  const local = keep(await startNode(OURS, { cookie, listen, ...then }));
  return { local, called };
}

/**
 * Starts a stranger with what `command` makes of the set and its home, and waits for its call and its first message, which brings
 * its pid to our mailbox.
 */
async function calledBy(command: (set: Strangers, home: string) => Promise<Command>) {
  const set = await provisionStrangers();
  const cookie = makeCookie();
  const epmd = keep(await epmdServe({ port: 0 }));
  const { local, called } = await ours(cookie, epmd);
  const desk = local.mailbox({ name: "desk" });
  const home = await makeHome(cookie);
  // The child removes it too, if there will be one.
  keep({ [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) });
  const [program, ...args] = await command(set, home);
  const env = { ...process.env, HOME: home, ERL_EPMD_PORT: `${epmd.port}` };
  const child = keep(new Child({ command: program, args, env, home }));
  const ended = child.closed.then(() => Promise.reject(new Error(`it ended: ${child.output()}`)));
  const node = await Promise.race([called, ended]);
  const pid = (await desk.receive({ timeout: 30_000 })) as Pid;
  expect(pid).toMatchObject({ node: atom(node.name), creation: node.creation });
  return { local, node, pid, desk, epmd, child };
}

function source(name: string): string {
  return fileURLToPath(new URL(`../fixtures/strangers/${name}`, import.meta.url));
}

const java = (name: string) =>
  calledBy(async (set, home) => {
    const [program, ...args] = await set.compileJava(source("Echo.java"), home);
    // Java asks the user database for the home, not the environment.
    return [program, ...args.slice(0, -1), `-Duser.home=${home}`, "Echo", name, OURS];
  });

const c = (name: string) =>
  calledBy(async (set, home) => {
    const host = name.split("@") as [string, string];
    return [...(await set.compileC(source("echo.c"), home)), ...host, OURS];
  });

/** One of each kind, at the edges of its encodings. */
function terms(own: Pid, theirs: Pid): Term[] {
  return [
    ...[0, 255, 256, -1, 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER],
    ...[2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, -(10n ** 40n), 2n ** 3000n],
    ...[0, 0.1, -1.5e300, Number.MIN_VALUE].map((value) => new Float(value)),
    ...["ok", "", "Ünïcödé", "日本語", "ж".repeat(255)].map(atom),
    ...[binary(""), binary("bytes ☃"), new Uint8Array(300_000).fill(7)],
    new Bitstring(Uint8Array.of(255, 0b1010_0000), 3),
    ...[[], charlist("a string"), charlist("☃ is none"), Array<number>(70_000).fill(1), [[], [[]]]],
    new ImproperList([1, atom("two")], binary("three")),
    ...[tuple(), tuple(1, tuple(2, [3])), tuple(...Array<number>(300).fill(4))],
    new TermMap([]),
    new TermMap([
      [atom("key"), binary("value")],
      [tuple(1), new TermMap([[1, [2]]])],
    ]),
    ...[own, theirs],
    new Pid(atom("other@elsewhere"), 7, 8, 9),
    new Reference(own.node, own.creation, [1, 2, 3]),
    new Reference(theirs.node, 9, [5, 6, 7]),
    new Port(own.node, 5n, own.creation),
    new ExternalFun(atom("lists"), atom("map"), 2),
  ];
}

async function echoes(desk: Mailbox, { node, pid }: { node: BeamNode; pid: Pid }): Promise<void> {
  const echo = { name: "echo", node: node.name };
  for (const term of terms(desk.pid, pid)) {
    desk.send(echo, tuple(desk.pid, term));
    const back = await desk.receive();
    expect(equals(back, term), `${inspect(term)} became ${inspect(back)}`).toBe(true);
  }
}

/** What it cannot do is refused here: it would drop the link for being asked. */
async function refusals(node: BeamNode): Promise<void> {
  await expect(node.call("erlang", "node", [])).rejects.toThrow(SpawnRefusedError);
  await expect((async () => node.monitor("echo").down)()).rejects.toThrow(BeamError);
}

describe.skipIf(!(await hasStrangers()))("a program in Java", () => {
  it("calls, pings and is pinged, every term comes back from it, also when we call it", async () => {
    const name = uniqueName("java");
    const { local, node, desk, child, epmd, pid } = await java(name);
    await child.waitFor(/ping true/);
    expect(node.name).toBe(name);
    const known = epmd.nodes.map((one) => `${one.name}@localhost`);
    expect(known.sort()).toEqual([name, OURS].sort());
    await refusals(node);
    expect(await node.ping()).toBeGreaterThan(0);
    await echoes(desk, { node, pid });

    await node.close();
    await child.waitFor(/down/); // else it would take the new link for the old one
    const again = await local.connect(name, { epmd: { host: "127.0.0.1", port: epmd.port } });
    expect(again).not.toBe(node);
    await echoes(desk, { node: again, pid });
  });

  it("links and unlinks, and hears of an end, and we of its", async () => {
    const { node, pid, desk, child } = await java(uniqueName("java"));
    const ask = async (verb: string, argument: Term) => {
      desk.send(pid, tuple(desk.pid, atom(verb), argument));
      expect(inspect(await desk.receive())).toBe(`:${verb}`);
    };
    const heard = async (from: Pid, reason: Term) => {
      const signal = await desk.receive();
      expect(equals(signal, tuple(atom("exit"), from, reason)), inspect(signal)).toBe(true);
    };
    const ending = () => node.mailbox();

    // Nobody hears of the first: what the second makes heard would come after it.
    const first = ending();
    await ask("link", first.pid);
    await ask("unlink", first.pid);
    first.close();
    const second = ending();
    await ask("link", second.pid);
    second.close();
    await heard(second.pid, atom("normal"));

    const [third, fourth] = [ending(), ending()];
    third.link(pid);
    third.unlink(pid);
    third.close(atom("unheard"));
    fourth.link(pid);
    fourth.close(tuple(atom("over"), 4));
    await heard(fourth.pid, tuple(atom("over"), 4));
    desk.exit(pid, atom("sent"));
    await heard(desk.pid, atom("sent"));

    const [fifth, sixth] = [ending(), ending()];
    await ask("link", fifth.pid);
    sixth.link(pid);
    await ask("exit", binary("enough"));
    for (const linked of [fifth, sixth]) {
      const { items } = (await linked.receive()) as Tuple;
      expect(items).toEqual([atom("EXIT"), pid, binary("enough")]);
    }
    await child.waitFor(/done/);
    await node.closed;
  });
});

describe.skipIf(!(await hasStrangers()))("a program in C", () => {
  it("calls, every term comes back from it, and it sees the end of the link", async () => {
    const name = uniqueName("c");
    const { node, pid, desk, child } = await c(name);
    expect(node.name).toBe(name);
    await refusals(node);
    desk.link(pid);
    desk.unlink(pid);
    await echoes(desk, { node, pid });
    await node.close();
    await child.waitFor(/hung up/);
  });
});
