/** A runner that is killed, links over TLS, and callers that speak no distribution. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import {
  connect,
  epmdNames,
  epmdRegister,
  epmdServe,
  NameTakenError,
} from "../../../src/node/index.ts";
import { evaluate } from "../../../src/otp/index.ts";
import { inspect } from "../../../src/term/index.ts";
import { startFaultCluster } from "../../../src/testing/index.ts";
import { answers, provision, startErl, uniqueName } from "../../support/index.ts";
import { makeCertificates } from "../../support/tls/certificates.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

it("a runner that is killed leaves no process and no open port", async () => {
  const script = fileURLToPath(new URL("./runner.ts", import.meta.url));
  const runner = spawn(process.execPath, ["--import", "tsx", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(runner.stdout.setEncoding("utf8"), "data")) as [string];
  const held = JSON.parse(line) as { met: string; pids: number[]; ports: number[] };
  expect(held.met).toBe("pong");
  expect(held.ports).toHaveLength(3);
  expect(await Promise.all(held.ports.map(answers))).toEqual([true, true, true]);
  const ended = once(runner, "exit");
  runner.kill("SIGKILL");
  await ended;
  const alive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(() => held.pids.map(alive), { timeout: 20_000 }).toEqual([false, false]);
  expect(await Promise.all(held.ports.map(answers))).toEqual([false, false, false]);
});

it("links over TLS pass unharmed, whoever's they are", async () => {
  await using certificates = await makeCertificates(await provision("otp27"));
  await using cluster = await startFaultCluster({ inspect: true });
  const args = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", certificates.optfile];
  const host = () => "localhost";
  const members = await startMembers(cluster, ["otp27", "otp27"], {
    args,
    host,
    tls: certificates.client,
  });
  try {
    const [a, b] = members as [Member, Member];
    expect(await ping(a, b)).toBe("pong");
    await cluster.settled();
    cluster.partition([a.name], [b.name], { how: "reset" });
    expect(await ping(a, b)).toBe("pong");
    expect(cluster.connected(a.name, b.name)).toBe(false); // as far as we can tell
    expect(cluster.history.find(({ type }) => type === "up")?.nodes).toEqual(["unknown", b.name]);
  } finally {
    for (const member of members) await member[Symbol.asyncDispose]();
  }
});

it("a node that is killed and started again is reached at its old door", async () => {
  await using cluster = await startFaultCluster();
  const otp = await provision("otp27");
  const { env } = cluster;
  const epmd = { port: cluster.epmdPort };
  const host = "127.0.0.1";
  await using a = await startErl({ otp, epmd, env, name: uniqueName("a", host) });
  const again = { otp, epmd, env, name: uniqueName("b", host), cookie: a.cookie };
  await using visitor = await connect(a.name, {
    cookie: a.cookie,
    address: { host, port: a.port },
  });
  const ping = async () =>
    inspect(await evaluate(visitor, `net_adm:ping('${again.name}')`, { language: "erlang" }));
  const door = () => cluster.nodes().find(({ name }) => again.name.startsWith(name))?.proxyPort;
  const first = await startErl(again);
  expect(await ping()).toBe(":pong");
  const before = door();
  first.kill();
  await expect.poll(() => cluster.connected(a.name, again.name)).toBe(false);
  await expect.poll(door).toBeUndefined();
  expect(await ping()).toBe(":pang");
  await first[Symbol.asyncDispose]();
  await using _second = await startErl(again);
  expect(await ping()).toBe(":pong");
  expect(door()).toBe(before);
  const short = again.name.split("@")[0];
  const about = cluster.history.filter(({ nodes }) => nodes[0] === short).map(({ type }) => type);
  expect(about).toEqual(["registered", "left", "registered"]);
});

it("who says no name is not put through, and one who calls a node that is gone is reset", async () => {
  await using cluster = await startFaultCluster();
  const epmd = { host: "127.0.0.1", port: cluster.epmdPort };
  const registration = await epmdRegister("ghost", 1, epmd);
  const [ghost] = cluster.nodes();
  expect(ghost).toMatchObject({ name: "ghost", node: undefined, port: 1 });
  expect(await epmdNames(epmd)).toEqual([{ name: "ghost", port: ghost?.proxyPort }]);
  const silent = dial(ghost?.proxyPort as number, "127.0.0.1");
  silent.end();
  await once(silent.resume(), "close");
  await registration.close();
  await expect.poll(() => cluster.nodes()).toEqual([]);
  const caller = dial(ghost?.proxyPort as number, "127.0.0.1");
  // send_name of version 6: flags, creation 4, and the name x@y.
  const name = Buffer.from("00124e0000002d07df7fbc0000000400037840790000", "hex");
  caller.write(name.subarray(0, 20));
  const [error] = (await once(caller, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
  const refused = cluster.history.find(({ type }) => type === "refused");
  expect(refused).toMatchObject({
    nodes: ["x@y", "ghost"],
    detail: "it is not registered any more",
  });
});

it("an EPMD of ours registers nobody before it is ready for him, and of two the first", async () => {
  let ready = (): void => {};
  const waits = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const left: string[] = [];
  await using epmd = await epmdServe({
    port: 0,
    registering: async ({ name }) => {
      await waits;
      if (name === "unwanted") throw new Error("no");
    },
    left: ({ name }) => left.push(name),
  });
  const at = { host: "127.0.0.1", port: epmd.port };
  const both = Promise.allSettled([epmdRegister("twin", 1, at), epmdRegister("twin", 2, at)]);
  const unwanted = epmdRegister("unwanted", 3, at);
  expect(await epmdNames(at)).toEqual([]);
  ready();
  await expect(unwanted).rejects.toThrow(NameTakenError);
  const states = (await both).map(({ status }) => status).toSorted();
  expect(states).toEqual(["fulfilled", "rejected"]);
  expect(epmd.nodes).toHaveLength(1);
  for (const one of await both) if (one.status === "fulfilled") await one.value.close();
  await expect.poll(() => left).toEqual(["twin"]);
});
