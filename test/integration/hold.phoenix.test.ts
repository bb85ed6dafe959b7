/** What is held on a live Phoenix under traffic, and given back: its channels, its websockets, its listener; and its requests waited for. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guardian } from "../../src/guard/index.ts";
import { FinishRunningRequests, settings } from "../../src/instructions/index.ts";
import { channels, connections, listeners } from "../../src/topology/index.ts";
import { runInstruction } from "../../src/upgrade/index.ts";
import { Live } from "../support/phoenix/live.ts";
import { NO_SHOP, type OpenShop, openShop, SHOPS } from "../support/phoenix/open.ts";
import { type Answer, request } from "../support/phoenix/requests.ts";
import { complete, Rooms } from "../support/phoenix/rooms.ts";

const PEOPLE = 12;
const TOPICS = ["room:0", "room:1", "room:2"];

describe.skipIf(NO_SHOP).each(SHOPS)("$label", ({ target }) => {
  let shop: OpenShop;
  beforeAll(async () => {
    shop = await openShop(target);
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  const guard = (purpose: string) =>
    Guardian.arm(shop.node, { stateDirectory: shop.stateDirectory, purpose });

  const joined = async () => {
    const found = await channels(shop.node);
    if (found === "not_detected") throw new Error(found);
    return found;
  };

  /** How long the longest queue of a suspended channel is. */
  const waiting = async () => Math.max(...(await joined()).map(({ queue }) => queue));

  it("has its channels suspended while people talk: all of it waits, in order, and nobody goes", async () => {
    using rooms = await Rooms.open(target, PEOPLE, ...TOPICS);
    using live = await Live.open(target);
    rooms.talk();
    const guardian = await guard("channels under traffic");
    const pids = (await joined()).map(({ pid }) => pid);
    expect(pids).toHaveLength(PEOPLE + 1);
    const { suspended, failed } = await guardian.suspend(pids);
    expect([suspended.length, failed]).toEqual([PEOPLE + 1, []]);
    expect((await joined()).every((channel) => channel.suspended)).toBe(true);

    const before = rooms.figures();
    const clicked = live.click();
    await expect.poll(waiting).toBeGreaterThan(20);
    await rooms.heartbeat(); // by the websockets, which are not suspended
    const during = rooms.figures();
    expect(during.answered).toBe(before.answered);
    expect(during.sent).toBeGreaterThan(before.sent);
    // Who comes now is served.
    using late = await Rooms.open(target, 1, "room:late");
    expect(await late.ask("vsn")).toEqual([{ vsn: "0.1.0" }]);

    expect(await guardian.disarm()).toMatchObject({ why: "asked", resumed: PEOPLE + 1 });
    expect(await clicked).toContain("1");
    complete(await rooms.quiet());
    expect(live.errors).toEqual([]);
  });

  it("has its websockets suspended by the command: what is sent waits in the kernel", async () => {
    using rooms = await Rooms.open(target, PEOPLE, ...TOPICS);
    rooms.talk();
    const flags = ["--suspend", "transports", "--for", "1s", "--yes", "--json"];
    const { code, stdout, stderr } = await shop.cli.run(["chan", "suspend", ...flags]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ suspended: PEOPLE, resumed: PEOPLE });
    complete(await rooms.quiet());
  });

  it("has its listener held: new clients wait, none is refused, and all are served", async () => {
    using rooms = await Rooms.open(target, 3, "room:0");
    rooms.talk();
    const guardian = await guard("the listener");
    const found = await listeners(shop.node);
    const acceptors = found.flatMap(({ stops }) => stops.hold);
    const { frozen, failed } = await guardian.freeze(acceptors);
    expect([frozen.length, failed]).toEqual([acceptors.length, []]);
    const statuses = async () => (await listeners(shop.node)).map(({ status }) => status);
    expect(await statuses()).toEqual(["held"]);

    const answers: Answer[] = [];
    const connected: Promise<void>[] = [];
    const all = Array.from({ length: 20 }, () => {
      const { promise, resolve } = withResolvers();
      connected.push(promise);
      return request(target, "/fast", resolve).then((answer) => answers.push(answer));
    });
    await Promise.all(connected);
    // Those who are there talk on, through the same server.
    const heard = rooms.figures().answered;
    await expect.poll(() => rooms.figures().answered).toBeGreaterThan(heard + 50);
    expect(answers).toEqual([]);
    expect(await statuses()).toEqual(["held"]);

    await guardian.disarm();
    await Promise.all(all);
    expect(answers).toHaveLength(20);
    for (const { status, body } of answers) expect([status, body]).toEqual([200, "ok"]);
    complete(await rooms.quiet());
  });

  it("has its listener closed by the command: new clients are refused, then let in again", async () => {
    const refuse = ["--acceptors", "refuse", "--for", "2s", "--yes", "--json"];
    const run = shop.cli.run(["instruction", "run", "SuspendRanchAcceptors", ...refuse]);
    await expect
      .poll(
        () =>
          request(target, "/fast").then(
            () => "served",
            () => "refused",
          ),
        { timeout: 20_000, interval: 50 },
      )
      .toBe("refused");
    const { code, stderr } = await run;
    expect(code, stderr).toBe(0);
    expect(await request(target, "/fast")).toMatchObject({ status: 200 });
  });

  it("has its running requests waited for", async () => {
    const busy = async () =>
      (await connections(shop.node)).connections.filter(({ kind }) => kind === "http-busy").length;
    let ended = 0;
    const slow = [2_000, 2_500, 3_000].map(async (time) => {
      const { body } = await request(target, `/slow?ms=${time}`);
      ended += 1;
      return body;
    });
    await expect.poll(busy).toBe(3);
    const lines: string[] = [];
    await runInstruction(shop.node, FinishRunningRequests, {
      config: settings({ name: "shop", drainTimeout: 60_000 }),
      log: (_level, line) => lines.push(line),
    });
    expect(lines.at(-1)).toMatch(/^([123]) of \1 running requests finished$/);
    expect(await Promise.all(slow)).toEqual(["slept 2000", "slept 2500", "slept 3000"]);
    expect(ended).toBe(3);
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
