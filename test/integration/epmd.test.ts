import { once } from "node:events";
import { Client } from "epmd-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  EpmdUnreachableError,
  epmdLookup,
  epmdNames,
  epmdRegister,
  NameTakenError,
  NodeNotRegisteredError,
} from "../../src/node/index.ts";
import {
  type BeamProcess,
  type EpmdProcess,
  freePort,
  provision,
  startEpmd,
  startErl,
} from "../support/index.ts";

let epmd: EpmdProcess;
let node: BeamProcess;
let at: { host: string; port: number };

beforeAll(async () => {
  const otp = await provision("otp27");
  epmd = await startEpmd(otp);
  node = await startErl({ otp, epmd });
  at = { host: "127.0.0.1", port: epmd.port };
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await epmd?.[Symbol.asyncDispose]();
});

const short = (name: string) => name.split("@")[0] as string;

test("names and ports, as the npm client epmd-client finds them too", async () => {
  const name = short(node.name);
  expect(await epmdNames(at)).toEqual([{ name, port: node.port }]);
  const found = await epmdLookup(name, at);
  expect(found).toMatchObject({ name, port: node.port, hidden: false, highestVersion: 6 });

  const other = new Client(at.host, at.port);
  other.connect();
  try {
    other.getNode(name);
    const [theirs] = (await once(other, "node")) as [{ data: { port: number; name: string } }];
    expect(String(theirs.data.name)).toBe(found.name);
    expect(theirs.data.port).toBe(found.port);
  } finally {
    other.end();
  }
});

test("a registration of ours is found by the npm client, and ends with its lease", async () => {
  const registration = await epmdRegister("ours", 4711, at);
  expect(registration.creation).toBeGreaterThan(3);
  expect((await epmdLookup("ours", at)).hidden).toBe(true);
  await expect(epmdRegister("ours", 4712, at)).rejects.toThrow(NameTakenError);
  const other = new Client(at.host, at.port);
  other.connect();
  try {
    other.getNode("ours");
    const [theirs] = (await once(other, "node")) as [{ data: { port: number } }];
    expect(theirs.data.port).toBe(4711);
  } finally {
    other.end();
  }
  await registration.close();
  await until(async () => (await epmdNames(at)).every(({ name }) => name !== "ours"));
});

test("a registration survives a restart of EPMD, with the creation it had", async () => {
  const otp = await provision("otp27");
  const port = await freePort();
  const first = await startEpmd(otp, port);
  await using registration = await epmdRegister("lasting", 4713, { host: "127.0.0.1", port });
  const { creation } = registration;
  await first[Symbol.asyncDispose]();
  await until(() => Promise.resolve(!registration.registered));
  await using _second = await startEpmd(otp, port);
  await until(() => Promise.resolve(registration.registered));
  expect((await epmdLookup("lasting", { host: "127.0.0.1", port })).port).toBe(4713);
  expect(registration.creation).toBe(creation);
});

test("a registration goes on when the signal of the first one has fired", async () => {
  const otp = await provision("otp27");
  const port = await freePort();
  const where = { host: "127.0.0.1", port };
  const first = await startEpmd(otp, port);
  const stop = new AbortController();
  await using registration = await epmdRegister("lasting", 4714, { ...where, signal: stop.signal });
  stop.abort();
  await first[Symbol.asyncDispose]();
  await until(() => Promise.resolve(!registration.registered));
  await using _second = await startEpmd(otp, port);
  await until(() => Promise.resolve(registration.registered));
  expect((await epmdLookup("lasting", where)).port).toBe(4714);
});

test("an unknown name lists those that are known; no EPMD is said so", async () => {
  const error = await epmdLookup("nobody", at).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(NodeNotRegisteredError);
  expect((error as NodeNotRegisteredError).registered).toEqual([short(node.name)]);
  const nowhere = { host: "127.0.0.1", port: await freePort() };
  await expect(epmdNames(nowhere)).rejects.toThrow(EpmdUnreachableError);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
