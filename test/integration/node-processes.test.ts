/** Two programs with a node of ours each, and no BEAM at all. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type LocalNode, startNode } from "../../src/node/index.ts";
import { atom, inspect, tuple } from "../../src/term/index.ts";

const MAIN = fileURLToPath(new URL("../support/peer/main.ts", import.meta.url));
const PEER = "peer@localhost";

let child: ReturnType<typeof start>;
let us: LocalNode;
const start = () =>
  spawn(process.execPath, ["--import", "tsx", MAIN, PEER, "shared"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
beforeEach(async () => {
  child = start();
  us = await startNode("us@localhost", { cookie: "shared", listen: false });
});
afterEach(async () => {
  await us.close();
  child.kill("SIGKILL");
});

it("call each other, send megabytes, and hear of each other's end", async () => {
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const address = { host: "127.0.0.1", port: Number(line) };
  const peer = await us.connect(PEER, { address });
  expect(await peer.call("peer", "pid", [])).toBe(child.pid);
  expect(await peer.genCall("echo", 7)).toEqual(tuple(atom("echo"), 7));
  expect(((await peer.call("peer", "large", [20_000_000])) as Uint8Array).length).toBe(20_000_000);
  const watch = peer.monitor("echo");
  child.stdin.end();
  expect(await peer.closed).toMatchObject({ code: "BEAM_NODE_DOWN" });
  await expect(watch.down.then(inspect)).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
  await once(child, "exit");
});

it("one that is killed is noticed", async () => {
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const peer = await us.connect(PEER, { address: { host: "127.0.0.1", port: Number(line) } });
  const waiting = peer.genCall("echo", 1).then(() => peer.monitor("echo").down);
  const rejected = expect(waiting).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
  await peer.genCall("echo", 2);
  child.kill("SIGKILL");
  expect(await peer.closed).toMatchObject({ code: "BEAM_NODE_DOWN" });
  await rejected;
});
