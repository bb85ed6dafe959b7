/** Streams of events: with those of a `pg` scope on a real node, and the wildcards of their patterns by themselves. */

import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, expectTypeOf, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { type Atom, atom, type Pid } from "../../src/term/index.ts";
import { wildcard } from "../../src/testing/events/wildcard.ts";
import {
  type EventPattern,
  type PgEvent,
  type PgScope,
  pg,
  UnexpectedEventError,
} from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

let erl: BeamProcess;
let node: BeamNode;
let scope: PgScope;
let worker: Pid;

const open = () =>
  connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });
const join = (group: string) => node.call("pg", "join", [atom("s"), atom(group), worker]);
const groupsOf = (events: readonly PgEvent[]) => events.map(({ group }) => (group as Atom).name);

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27") });
  node = await open();
  await node.call("pg", "start", [atom("s")]);
});
beforeEach(async () => {
  worker = (await node.spawn("timer", "sleep", [atom("infinity")])).pid;
  scope = await pg(node, "s");
  return async () => {
    await scope[Symbol.asyncDispose]();
    await node.call("erlang", "exit", [worker, atom("kill")]);
  };
});
afterAll(async () => {
  await node?.close();
  await erl?.[Symbol.asyncDispose]();
});

it("gives the first that fits, and keeps the others in order", async () => {
  for (const group of ["a1", "b1", "a2"]) await join(group);
  expect(groupsOf([await scope.next("join b*")])).toEqual(["b1"]);
  expect(groupsOf([await scope.next(({ group }) => group === atom("a2"))])).toEqual(["a2"]);
  expect(groupsOf(await scope.drain())).toEqual(["a1"]);
});

it("gives one that comes to who waits for such a one first", async () => {
  const waits = [scope.next("join y"), scope.next(), scope.next("join *")];
  for (const group of ["x", "y", "z"]) await join(group);
  expect(groupsOf(await Promise.all(waits))).toEqual(["y", "x", "z"]);
});

it("gives what a test's own function throws to who waits, and goes on", async () => {
  const broken = scope.next(() => {
    throw new Error("no number");
  });
  await Promise.all([expect(broken).rejects.toThrow("no number"), join("a1")]);
  await join("a2");
  expect(groupsOf(await scope.drain())).toEqual(["a1", "a2"]);
});

it("has drained all that the node sent before, and leaves what does not fit", async () => {
  for (let n = 0; n < 100; n++) void join(`g${n}`);
  await join("last");
  expect(await scope.drain("join g*")).toHaveLength(100);
  expect(groupsOf(await scope.drain())).toEqual(["last"]);
});

it("tells what came instead when nothing that fits did", async () => {
  for (let n = 0; n < 7; n++) await join(`g${n}`);
  await expect(scope.next("leave *", { timeout: 20 })).rejects.toMatchObject({
    code: "BEAM_TIMEOUT",
    message: "an event of the pg scope s that fits leave * did not answer within 20 ms",
    remedy: expect.stringContaining(
      "there are join g0, join g1, join g2, join g3, join g4, ...",
    ) as string,
  });
});

it("fails at once where nothing was expected, and keeps what came", async () => {
  await scope.expectNone();
  await scope.expectNone(20, "join *");
  await join("x");
  await scope.expectNone(0, "leave *");
  const failed = scope.expectNone(60_000);
  await expect(failed).rejects.toThrow(UnexpectedEventError);
  await expect(failed).rejects.toMatchObject({ event: { group: atom("x") } });
  expect(scope.size).toBe(1);
  const later = scope.expectNone(60_000, "join y");
  await join("y");
  await expect(later).rejects.toThrow("was not expected: join y");
});

it("ends when aborted, closed, or left by the node, and not before what came is read", async () => {
  const signal = AbortSignal.timeout(10);
  await expect(scope.next("join never", { signal })).rejects.toMatchObject({
    code: "BEAM_ABORTED",
  });
  await expect(scope.next(undefined, { signal })).rejects.toMatchObject({ code: "BEAM_ABORTED" });
  const other = await open();
  const lost = await pg(other, "s");
  await join("x");
  expect(groupsOf([await lost.next()])).toEqual(["x"]);
  await join("y");
  await expect.poll(() => lost.size).toBe(1);
  const waiting = lost.next("leave *");
  const failed = expect(waiting).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
  await other.close();
  await failed;
  expect(groupsOf(await lost.drain())).toEqual(["y"]);
  await lost.expectNone();
  await expect(lost.next()).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
  await scope[Symbol.asyncDispose]();
  expect(groupsOf(await scope.drain())).toEqual(["x", "y"]);
  await expect(scope.next()).rejects.toMatchObject({ code: "BEAM_USAGE" });
});

it("is iterated until it is closed", async () => {
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { group } of scope) seen.push((group as Atom).name);
  })();
  for (const group of ["a", "b"]) await join(group);
  await expect.poll(() => seen).toEqual(["a", "b"]);
  await scope[Symbol.asyncDispose]();
  await reading;
});

it("ends when more waits than it holds", async () => {
  await using small = await pg(node, "s", { limit: 2 });
  for (const group of ["a", "b", "c", "d"]) await join(group);
  expect(groupsOf([await small.next(), await small.next()])).toEqual(["a", "b"]);
  await expect(small.next()).rejects.toMatchObject({ code: "BEAM_LIMIT" });
});

it("knows wildcards as a regular expression does", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 8 });
  const property = fc.property(text, text, (pattern, subject) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
    const expected = new RegExp(`^${parts.join(".*")}$`, "s").test(subject);
    expect(wildcard(pattern)(subject)).toBe(expected);
  });
  fc.assert(property, { numRuns: 2_000 });
});

it("has types", () => {
  expectTypeOf<EventPattern<PgEvent>>().toEqualTypeOf<string | ((event: PgEvent) => boolean)>();
  expectTypeOf<PgScope["drain"]>().returns.resolves.toEqualTypeOf<PgEvent[]>();
});
