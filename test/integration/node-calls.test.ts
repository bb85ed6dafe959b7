/** Calls, monitors, system messages and mailboxes against real nodes, and what others can ask of us. */

import { inspect as show } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NodeDownError } from "../../src/dist/index.ts";
import { AbortedError, TimeoutError, UsageError } from "../../src/errors.ts";
import { EncodeError } from "../../src/etf/index.ts";
import { type BeamNode, connect, NoProcessError, RemoteError } from "../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../src/otp/index.ts";
import {
  atom,
  binary,
  charlist,
  inspect,
  Pid,
  Port,
  Reference,
  type Term,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

describe.each(["otp25", "otp27", "otp29"] as const)("%s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  const join = () =>
    connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });
  const erlang = (source: string) => evaluate(node, source, { language: "erlang" });
  const forms = async (text: string) => {
    const [, tokens] = ((await node.call("erl_scan", "string", [charlist(text)])) as Tuple).items;
    return ((await node.call("erl_parse", "parse_exprs", [tokens as Term])) as Tuple)
      .items[1] as Term;
  };
  const process = async (name: string) =>
    (await node.call("erlang", "whereis", [atom(name)])) as Pid;

  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    node = await join();
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it.each(["erpc", "rex"] as const)("%s gives values", async (via) => {
    expect(await node.call("lists", "seq", [1, 5], { via })).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ["error", "erlang:error({bad, thing})", "{:bad, :thing}"],
    ["exit", "exit(gone)", ":gone"],
    ["throw", "throw(ball)", ":ball"],
  ] as const)("%s keeps kind and reason", async (kind, source, reason) => {
    const error = await caught(erlang(source));
    expect(error).toBeInstanceOf(RemoteError);
    expect((error as RemoteError).kind).toBe(kind);
    expect(inspect((error as RemoteError).reason)).toBe(reason);
  });

  it("an error has its stack, without arguments", async () => {
    const error = await caught(node.call("lists", "keyfind", [1, 0, [atom("secret")]]));
    expect((error as RemoteError).stacktrace[0]).toMatchObject({
      module: "lists",
      function: "keyfind",
      arity: 3,
    });
    expect(show((error as RemoteError).stacktrace)).not.toContain("secret");
  });

  it("a function that is not there is named", async () => {
    const error = await caught(node.call("no_such", "thing", []));
    expect((error as Error).message).toContain("there is no :no_such.thing/0");
  });

  it("a call ends by its deadline or its signal, and the link goes on", async () => {
    const sleep = (options: object) => caught(node.call("timer", "sleep", [60_000], options));
    expect(await sleep({ timeout: 50 })).toBeInstanceOf(TimeoutError);
    const stop = new AbortController();
    const aborted = sleep({ signal: stop.signal });
    setImmediate(() => stop.abort());
    expect(await aborted).toBeInstanceOf(AbortedError);
    expect(await node.call("erlang", "abs", [-1])).toBe(1);
  });

  it("what is no term is refused before anything is written, and the link goes on", async () => {
    const bad = { not: "a term" } as never;
    expect(await caught(node.call("erlang", "abs", [bad]))).toBeInstanceOf(EncodeError);
    expect(await node.call("erlang", "abs", [-2])).toBe(2);
  });

  it("a large reply does not hold up small calls", async () => {
    let done = 0;
    const size = 100_000_000;
    const large = node.call("binary", "copy", [binary("x"), size], { timeout: 30_000 });
    const sent = node.call("erlang", "byte_size", [new Uint8Array(size)], { timeout: 30_000 });
    void Promise.race([large, sent]).then(() => done++);
    const small = await Promise.all(
      Array.from({ length: 200 }, (_, n) => node.call("erlang", "abs", [-n])),
    );
    expect(done).toBe(0);
    expect(small).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(((await large) as Uint8Array).length).toBe(size);
    expect(await sent).toBe(size);
  });

  it("a close lets all leave that was sent, wherever its last fragment ends", async () => {
    await erlang(
      `register(sink, spawn(fun Loop() -> receive {To, B} -> To ! byte_size(B), Loop() end end))`,
    );
    await using mailbox = node.mailbox();
    for (const more of [-20, 0, 10, 40, 60, 84, 200, 5_000]) {
      const other = await join();
      other.send("sink", tuple(mailbox.pid, new Uint8Array(262_144 + more)));
      await other.close();
      expect(await mailbox.receive()).toBe(262_144 + more);
    }
  });

  it("identifiers that the node cannot have made are refused, and the link goes on", async () => {
    const own = atom(node.name);
    const wrong = [
      new Pid(own, 2 ** 28, 0, node.creation),
      new Reference(own, node.creation, [2 ** 18, 0, 0]),
      new Port(own, 2n ** 63n, node.creation),
    ];
    for (const term of wrong) {
      expect(await caught(node.call("erlang", "is_pid", [[term]]))).toBeInstanceOf(EncodeError);
    }
    expect(() => node.send(wrong[0] as Pid, 1)).toThrow(EncodeError);
    // A wide one is right on newer nodes, and would end the link on older ones.
    const wide = await caught(
      node.call("erlang", "is_pid", [new Pid(own, 2 ** 28 - 1, 0, node.creation)]),
    );
    if (set === "otp25") expect(wide).toBeInstanceOf(EncodeError);
    else expect(wide).toBe("no error, but true");
    expect(await node.ping()).toBeGreaterThan(0);
  });

  it("a wait without end or of no number is what it says", async () => {
    expect(await node.call("erlang", "abs", [-1], { timeout: Number.POSITIVE_INFINITY })).toBe(1);
    expect(await caught(node.call("erlang", "abs", [-1], { timeout: Number.NaN }))).toBeInstanceOf(
      UsageError,
    );
    expect(await caught(node.call("timer", "sleep", [60_000], { timeout: -5 }))).toBeInstanceOf(
      TimeoutError,
    );
    const endless = { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } };
    const other = await connect(erl.name, { ...endless, timeout: Number.POSITIVE_INFINITY });
    await other.close({ timeout: Number.POSITIVE_INFINITY });
  });

  it("what is printed to us comes in order, formatted or not", async () => {
    const source =
      '[begin io:format("~p ", [N]), io:put_chars("then ") end || N <- lists:seq(1, 3)], ok';
    const text = `F = fun() -> ${source} end, F().`;
    const { down, output } = await node.spawn("erl_eval", "exprs", [await forms(text), []], {
      groupLeader: "self",
    });
    await down;
    expect(output()).toBe("1 then 2 then 3 then ");
  });

  it("monitors tell of an end, and of what never was", async () => {
    const { pid, down } = await node.spawn("timer", "sleep", [60_000]);
    const monitor = node.monitor(pid);
    await node.call("erlang", "exit", [pid, atom("kill")]);
    expect(inspect(await monitor.down)).toBe(":killed");
    expect(inspect(await down)).toBe(":killed");
    expect(inspect(await node.monitor("nobody_here").down)).toBe(":noproc");
  });

  it("system messages suspend, ask and resume a process", async () => {
    const pid = await process("kernel_refc");
    expect(await node.systemMessage(pid, atom("suspend"))).toBe(atom("ok"));
    expect(inspect(await node.systemMessage(pid, atom("get_status")))).toContain(":suspended");
    expect(await node.systemMessage(pid, atom("resume"))).toBe(atom("ok"));
    expect(await leftSuspended(node)).toEqual([]);
  });

  it("in bulk each has its own answer; who did not suspend in time does not later", async () => {
    const fit = await process("kernel_refc");
    const [busy, holder] = (
      (await erlang(`
        {ok, P} = gen_event:start(), Self = self(),
        H = spawn(fun() -> erlang:suspend_process(P), Self ! held, receive free -> ok end end),
        receive held -> {P, H} end`)) as Tuple
    ).items as [Pid, Pid];
    const { pid: gone, down } = await node.spawn("erlang", "self", []);
    await down;
    const replies = await node.systemMessages([fit, busy, gone], atom("suspend"), { timeout: 200 });
    expect(replies.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(replies[1]).toMatchObject({ error: expect.any(TimeoutError) });
    expect(replies[2]).toMatchObject({ error: expect.any(NoProcessError) });
    await node.systemMessage(fit, atom("resume"));
    node.send(holder, atom("free"));
    await node.systemMessage(busy, atom("get_status"), { timeout: 5000 }); // it has come to our messages
    expect(await leftSuspended(node)).toEqual([]);
  });

  it("a mailbox receives", async () => {
    using mailbox = disposable(node.mailbox());
    await node.call("erlang", "send", [mailbox.pid, tuple(atom("hello"), 1)]);
    expect(inspect(await mailbox.receive())).toBe("{:hello, 1}");
    expect(await caught(mailbox.receive({ timeout: 20 }))).toBeInstanceOf(TimeoutError);
  });

  it("nothing that others ask is executed", async () => {
    const us = `'${node.localName}'`;
    expect(inspect(await erlang(`net_adm:ping(${us})`))).toBe(":pong");
    const ran = (source: string) => erlang(source).then(inspect, (error: Error) => error.message);
    expect(await ran(`rpc:call(${us}, erlang, node, [], 2000)`)).toMatch(/badrpc|notsup|undef/);
    expect(await ran(`erpc:call(${us}, erlang, node, [], 2000)`)).toMatch(/notsup|noconnection/);
    expect(await ran(`gen_server:call({some_name, ${us}}, hello, 1000)`)).toMatch(/noproc|timeout/);
    expect(await node.ping()).toBeGreaterThan(0);
  });

  it("when the node dies every wait ends, and so does the link", async () => {
    const other = await startErl({ otp: await provision(set) });
    const address = { host: "127.0.0.1", port: other.port };
    const link = await connect(other.name, { cookie: other.cookie, address });
    const mailbox = link.mailbox();
    const waits: Promise<unknown>[] = [
      caught(link.call("timer", "sleep", [60_000], { timeout: 0 })),
      caught(mailbox.receive({ timeout: 0 })),
    ];
    await link.ping();
    other.kill();
    for (const error of await Promise.all(waits)) expect(error).toBeInstanceOf(NodeDownError);
    expect(await link.closed).toBeInstanceOf(NodeDownError);
    expect(await caught(link.call("erlang", "self", []))).toBeInstanceOf(NodeDownError);
    await link.close();
    await other[Symbol.asyncDispose]();
  });
});

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => `no error, but ${inspect(value as Term)}`,
    (error: unknown) => error,
  );
}

function disposable<T extends { close(): void }>(value: T): T & Disposable {
  return Object.assign(value, { [Symbol.dispose]: () => value.close() });
}
