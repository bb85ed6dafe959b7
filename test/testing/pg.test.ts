/** A scope of `pg` joined from outside, on real nodes: what `pg` itself says of us decides. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { atom, equals, type Pid, type Term, tuple } from "../../src/term/index.ts";
import { type EventStream, type PgEvent, type PgScope, pg } from "../../src/testing/index.ts";
import { TopologyError } from "../../src/topology/index.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const SETS: readonly OtpSet[] = ["otp23", "otp25", "otp27", "otp29"];

describe.each(SETS)("%s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;

  const open = () =>
    connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });
  const seen = async (group: Term) =>
    (await node.call("pg", "get_members", [atom("shop"), group])) as readonly Pid[];
  const scopePid = () => node.call("erlang", "whereis", [atom("shop")]);
  /** A process of the node, which a test can have join. */
  const worker = async () => (await node.spawn("timer", "sleep", [atom("infinity")])).pid;
  const join = (group: Term, pid: Pid) => node.call("pg", "join", [atom("shop"), group, pid]);
  const leave = (group: Term, pid: Pid) => node.call("pg", "leave", [atom("shop"), group, pid]);

  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    node = await open();
    await node.call("pg", "start", [atom("shop")]);
  });

  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("has a process of ours in a group, as the example says", async () => {
    await using scope = await pg(node, "shop");
    const member = await scope.join(atom("orders"));
    const members = await node.call("pg", "get_members", [atom("shop"), atom("orders")]); // [member.pid]
    expect(equals(members, [member.pid])).toBe(true);
  });

  it("gets what the node's processes send to the group, and leaves", async () => {
    await using scope = await pg(node, "shop");
    const member = await scope.join(atom("a"));
    await member.join(tuple(atom("b"), 2));
    await member.join(atom("a"));
    for (const group of [atom("a"), tuple(atom("b"), 2)]) {
      expect(await seen(group)).toHaveLength(1);
      const [pid] = await seen(group);
      await node.call("erlang", "send", [pid as Pid, tuple(atom("hello"), group)]);
      expect(equals(await member.mailbox.receive(), tuple(atom("hello"), group))).toBe(true);
    }
    await member.leave(atom("a"));
    await member.leave(atom("a"));
    await member.leave(atom("never joined"));
    expect(await seen(atom("a"))).toEqual([]);
    expect(await seen(tuple(atom("b"), 2))).toHaveLength(1);
    await member[Symbol.asyncDispose]();
    expect(await seen(tuple(atom("b"), 2))).toEqual([]);
  });

  it("knows who was there before, and tells who comes and goes", async () => {
    const [early, late] = [await worker(), await worker()];
    await join(atom("crew"), early);
    await using scope = await pg(node, "shop");
    expect(scope.groups()).toEqual([atom("crew")]);
    expect(equals([...scope.members(atom("crew"))], [early])).toBe(true);
    await join(atom("crew"), late);
    const joined = await scope.next("join crew");
    expectTypeOf(joined).toEqualTypeOf<PgEvent>();
    expect(equals([...joined.pids], [late])).toBe(true);
    expect(scope.members(atom("crew"))).toHaveLength(2);
    await leave(atom("crew"), early);
    await node.call("erlang", "exit", [late, atom("kill")]);
    const left = [await scope.next("leave *"), await scope.next("leave *")];
    expect(
      equals(
        left.flatMap(({ pids }) => [...pids]),
        [early, late],
      ),
    ).toBe(true);
    expect(scope.groups()).toEqual([]);
    expect(scope.members(atom("crew"))).toEqual([]);
    expect(scope.size).toBe(0);
    await node.call("erlang", "exit", [early, atom("kill")]);
  });

  it("counts a process that joined twice twice", async () => {
    const pid = await worker();
    await using scope = await pg(node, "shop");
    await node.call("pg", "join", [atom("shop"), atom("twice"), [pid, pid]]);
    await scope.next("join twice");
    expect(scope.members(atom("twice"))).toHaveLength(2);
    await leave(atom("twice"), pid);
    await scope.next("leave twice");
    expect(scope.members(atom("twice"))).toHaveLength(1);
    await leave(atom("twice"), pid);
    await scope.next("leave twice");
    expect(scope.groups()).toEqual([]);
    await node.call("erlang", "exit", [pid, atom("kill")]);
  });

  it("leaves the scope as it was when disposed of, and when the link is gone", async () => {
    const before = await scopePid();
    const scope = await pg(node, "shop");
    const member = await scope.join(atom("held"));
    await scope[Symbol.asyncDispose]();
    expect(await seen(atom("held"))).toEqual([]);
    await expect(member.mailbox.receive()).rejects.toThrow("is closed");
    const other = await open();
    const lost = await pg(other, "shop");
    await lost.join(atom("held"));
    expect(await seen(atom("held"))).toHaveLength(1);
    await other.close();
    await expect.poll(() => seen(atom("held"))).toEqual([]);
    await expect(lost.next()).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
    await lost[Symbol.asyncDispose]();
    expect(equals(await scopePid(), before)).toBe(true); // nothing that we said ended it
  });

  it("is many peers at a time, of one link too", async () => {
    const scopes = await Promise.all(Array.from({ length: 20 }, () => pg(node, "shop")));
    await Promise.all(scopes.map((scope) => scope.join(atom("many"))));
    expect(await seen(atom("many"))).toHaveLength(20);
    await Promise.all(scopes.slice(1).map((scope) => scope[Symbol.asyncDispose]()));
    expect(await seen(atom("many"))).toHaveLength(1);
    await scopes[0]?.[Symbol.asyncDispose]();
    expect(await seen(atom("many"))).toEqual([]);
  });

  it("ends with the scope, and says so", async () => {
    await node.call("pg", "start", [atom("brief")]);
    await using scope = await pg(node, "brief");
    const pid = (await node.call("erlang", "whereis", [atom("brief")])) as Pid;
    await node.call("erlang", "exit", [pid, atom("kill")]);
    await expect(scope.next()).rejects.toThrow("the pg scope brief of");
    await expect(scope.join(atom("x"))).rejects.toThrow(TopologyError);
  });

  it("refuses what is no scope, and says nothing to it", async () => {
    await expect(pg(node, "none")).rejects.toThrow("runs no pg scope none");
    await expect(pg(node, "kernel_sup")).rejects.toMatchObject({
      code: "BEAM_TOPOLOGY",
      remedy: "Start it there with pg:start_link(kernel_sup), or check the name.",
    });
  });
});

it("has types", () => {
  expectTypeOf(pg).returns.resolves.toEqualTypeOf<PgScope>();
  expectTypeOf<PgScope>().toExtend<EventStream<PgEvent>>();
});
