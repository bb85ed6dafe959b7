/** A keeper on a real node: it gives back when released, when we leave, and never twice. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { ScriptError } from "../../src/otp/index.ts";
import { atom } from "../../src/term/index.ts";
import { type KeeperScript, keep } from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

let erl: BeamProcess;
let node: BeamNode;

const open = () =>
  connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27") });
  node = await open();
});

afterAll(async () => {
  await node?.close();
  await erl?.[Symbol.asyncDispose]();
});

const SET: KeeperScript = {
  name: "set_env",
  bindings: ["Key", "Value"],
  setUp: "ok = application:set_env(kernel, Key, Value), Value",
  undo: "ok = application:unset_env(kernel, Key)",
};
const value = (key: string) => node.call("application", "get_env", [atom("kernel"), atom(key)]);
const bindings = (key: string) => ({ Key: atom(key), Value: 7 });

it("holds until it is released, and releasing twice is releasing once", async () => {
  const kept = await keep(node, SET, bindings("held"));
  expect(kept.value).toBe(7);
  expect(await value("held")).toMatchObject({ items: [atom("ok"), 7] });
  await Promise.all([kept.release(), kept.release()]);
  expect(await value("held")).toBe(atom("undefined"));
  await kept.release();
});

it("gives back when the link is gone", async () => {
  const other = await open();
  await keep(other, SET, bindings("left"));
  await other.close();
  await expect.poll(() => value("left")).toBe(atom("undefined"));
});

it("needs no release once the link is closed", async () => {
  const other = await open();
  const kept = await keep(other, SET, bindings("closed"));
  await other.close();
  await kept.release();
  await expect.poll(() => value("closed")).toBe(atom("undefined"));
});

it("says what raised, and keeps nothing then", async () => {
  const before = await node.call("erlang", "system_info", [atom("process_count")]);
  const broken: KeeperScript = { name: "broken", setUp: "erlang:error({bad, secret})", undo: "ok" };
  const failed = keep(node, broken);
  await expect(failed).rejects.toThrow(ScriptError);
  await expect(failed).rejects.toThrow("the script broken failed: error bad");
  await expect
    .poll(() => node.call("erlang", "system_info", [atom("process_count")]))
    .toBeLessThanOrEqual(before as number);
});

it("leaves its variables to the script", async () => {
  const mine: KeeperScript = {
    name: "mine",
    bindings: ["Class", "Reason"],
    setUp: "{Class, Reason}",
    undo: "erlang:error(badness)",
  };
  const kept = await keep(node, mine, { Class: 1, Reason: 2 });
  expect(kept.value).toMatchObject({ items: [1, 2] });
  await expect(kept.release()).rejects.toThrow("the script mine failed: error badness");
});

it("says that it was killed", async () => {
  const killed: KeeperScript = { name: "killed", setUp: "self()", undo: "exit(self(), kill), ok" };
  const kept = await keep(node, killed);
  await expect(kept.release()).rejects.toThrow("the script killed failed: exit killed");
});

it("tells when the undo raised", async () => {
  const kept = await keep(node, { name: "stuck", setUp: "ok", undo: "erlang:error(no_way)" });
  await expect(kept.release()).rejects.toThrow("the script stuck failed: error no_way");
});
