/** Steps in the middle of a real install, while the release handler waits for us. */

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  Guardian,
  GuardRefusedError,
  guardStatus,
  Journal,
  recover,
} from "../../src/guard/index.ts";
import { atom, type Pid, type Term, Tuple, tuple } from "../../src/term/index.ts";
import { Relup } from "./relup.ts";
import { OTPS, Target, until } from "./target.ts";

const LEASE = 1_000;
const CAP = 1_500;
const during = { duringInstall: true } as const;

describe.each(OTPS)("while a release handler installs on %s", (otp) => {
  let target: Target;
  let relup: Relup;
  let pids: Pid[];
  beforeAll(async () => {
    target = await Target.start(otp, 40);
    pids = await target.servers();
    relup = await Relup.prepare(target);
  });
  afterEach(async () => {
    await until(async () => (await target.timers()) === 0);
    expect(await held()).toEqual([0, 0, 10]);
  });
  afterAll(() => target[Symbol.asyncDispose]());

  const held = async () => [
    await target.suspended(),
    await target.frozen(),
    await target.acceptors(),
  ];
  const acceptors = async () => {
    const supervisor = await target.whereis("guard_sup");
    return Array.from({ length: 10 }, (_, at) => ({
      supervisor,
      id: tuple(atom("acceptor"), at + 1) as Term,
    }));
  };
  const isOk = (term: Term) => term instanceof Tuple && term.items[0] === atom("ok");

  test("only a step that says so is taken, and what it holds outlives the cap", async () => {
    const guardian = await Guardian.arm(target.node, {
      stateDirectory: target.state,
      lease: LEASE,
      cap: CAP,
    });
    const [early, late, cold, again] = [
      pids.slice(0, 10),
      pids.slice(10, 20),
      pids.slice(20, 30),
      pids.slice(30, 40),
    ];
    await guardian.suspend(early);
    await expect(guardian.suspend(late, during)).rejects.toThrow(GuardRefusedError);
    await guardian.enter("install", { longest: 60_000 });
    const controller = target.node.mailbox();
    const install = await relup.install(controller);

    const children = await acceptors();
    await expect(guardian.suspend(late)).rejects.toThrow(GuardRefusedError);
    await expect(guardian.freeze(late)).rejects.toThrow(GuardRefusedError);
    await expect(guardian.hold(children)).rejects.toThrow(GuardRefusedError);
    await expect(guardian.resume()).rejects.toThrow(GuardRefusedError);
    await expect(guardian.release()).rejects.toThrow(GuardRefusedError);
    expect(await held()).toEqual([10, 0, 10]);

    expect(await guardian.suspend(late, during)).toMatchObject({ suspended: late, failed: [] });
    expect(await guardian.freeze(cold, during)).toMatchObject({ frozen: cold, failed: [] });
    expect((await guardian.hold(children, during)).failed).toEqual([]);
    expect(await held()).toEqual([20, 10, 0]);
    expect(await guardStatus(target.node)).toMatchObject({
      phase: "install",
      processes: 20,
      frozen: 10,
      acceptors: 10,
    });
    await pause(CAP + LEASE + 1_000);
    expect(await held()).toEqual([20, 10, 0]);

    expect((await guardian.resume([...early, ...cold], during)).resumed).toHaveLength(20);
    expect(await guardian.release(during)).toMatchObject({ released: 10, failed: [] });
    expect(await held()).toEqual([10, 0, 10]);
    await guardian.resume(undefined, during);
    // Held again after nothing was: the cap is out past the install still.
    await guardian.freeze(again, during);
    await guardian.suspend(late, during);
    await guardian.hold(children, during);
    await pause(CAP + LEASE + 1_000);
    expect(await held()).toEqual([10, 10, 0]);

    install.answer();
    expect(isOk(await install.installed)).toBe(true);
    controller.close();
    await guardian.enter("freeze");
    expect(await held()).toEqual([10, 10, 0]);
    await expect(guardian.resume(undefined, during)).rejects.toThrow(GuardRefusedError);
    expect((await guardian.resume()).resumed).toHaveLength(20);
    expect(await guardian.release()).toMatchObject({ released: 10 });
    expect(await guardian.disarm()).toMatchObject({ why: "asked", leftSuspended: 0, leftHeld: 0 });
  });

  test("what was held in it is given back after it, when we vanish in it", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, {
      stateDirectory: target.state,
      lease: LEASE,
      cap: CAP,
    });
    await guardian.enter("install", { longest: 60_000 });
    const controller = node.mailbox();
    const install = await relup.install(controller, { waits: true });
    await guardian.suspend(pids.slice(0, 10), during);
    await guardian.freeze(pids.slice(10, 20), during);
    await guardian.hold(await acceptors(), during);
    await node.close();
    await until(async () => (await guardStatus(target.node))?.waiting === true);
    // Its call to us has failed, and it goes on: until it has ended nothing moves.
    await until(() => relup.waits());
    await pause(CAP + LEASE + 1_000);
    expect(await held()).toEqual([10, 10, 0]);
    relup.letGo();
    expect(isOk(await install.installed)).toBe(true);
    await target.untilFree(60_000);
    await until(async () => (await target.acceptors()) === 10);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({
      nothingLeft: true,
      operations: [{ undoneByGuard: { why: "controller", resumed: 20, restarted: 10 } }],
    });
  });

  test("a guardian that is killed in it frees the frozen at once, and the others are resumed after it", async () => {
    const guardian = await Guardian.arm(target.node, { stateDirectory: target.state });
    await guardian.enter("install", { longest: 60_000 });
    const controller = target.node.mailbox();
    const install = await relup.install(controller);
    await guardian.suspend(pids.slice(0, 10), during);
    await guardian.freeze(pids.slice(10, 20), during);
    await target.killGuard();
    await until(() => guardian.lost.aborted);
    await pause(500);
    expect(await held()).toEqual([10, 0, 10]);
    install.answer();
    expect(isOk(await install.installed)).toBe(true);
    controller.close();
    expect(await guardian.undo()).toMatchObject({
      why: "died",
      freed: 10,
      resumed: 10,
      leftSuspended: 0,
    });
  });

  test("nothing is held in it for ever: an install past its longest time has a cap again", async () => {
    const guardian = await Guardian.arm(target.node, {
      stateDirectory: target.state,
      lease: LEASE,
      cap: CAP,
    });
    await guardian.enter("install", { longest: 100 });
    await pause(500);
    await guardian.freeze(pids.slice(0, 10), during);
    await guardian.suspend(pids.slice(10, 20), during);
    await target.untilFree(60_000);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ why: "cap", resumed: 20, leftSuspended: 0 });
  });
});
