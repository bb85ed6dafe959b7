import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  GuardHeldError,
  Guardian,
  GuardLostError,
  GuardRefusedError,
  guardStatus,
  Journal,
  JournalLockedError,
  recover,
  UnfinishedOperationError,
} from "../../src/guard/index.ts";
import { atom, inspect, Pid, type Term, tuple } from "../../src/term/index.ts";
import { OTPS, Target, until } from "./target.ts";

describe.each(["otp23", ...OTPS] as const)("a guardian on %s", (otp) => {
  // The same text runs on all: on the oldest it need not be many.
  const COUNT = otp === "otp23" ? 1_000 : 10_000;
  let target: Target;
  let pids: Pid[];
  beforeAll(async () => {
    target = await Target.start(otp, COUNT);
    pids = await target.servers();
  });
  afterEach(() => until(async () => (await target.timers()) === 0));
  afterAll(() => target[Symbol.asyncDispose]());

  const armed = (options = {}) =>
    Guardian.arm(target.node, { stateDirectory: target.state, purpose: "a test", ...options });

  test("suspends thousands of processes, resumes them and leaves nothing", async () => {
    const guardian = await armed();
    const { suspended, failed } = await guardian.suspend(pids);
    expect([suspended.length, failed]).toEqual([COUNT, []]);
    expect(await target.suspended()).toBe(COUNT);

    const status = await guardStatus(target.node);
    expect(status).toMatchObject({ phase: "freeze", processes: COUNT, purpose: "a test" });
    expect(status?.timers).toHaveLength(1);

    const { resumed } = await guardian.resume();
    expect(resumed).toHaveLength(COUNT);
    expect(await target.suspended()).toBe(0);
    expect((await guardStatus(target.node))?.timers).toEqual([]);

    const report = await guardian.disarm();
    expect(report).toMatchObject({ why: "asked", leftSuspended: 0, leftHeld: 0, resumed: COUNT });
    expect(await guardStatus(target.node)).toBeUndefined();
  });

  test("gives back all it holds when it is disarmed in the middle", async () => {
    const guardian = await armed();
    const supervisor = await target.whereis("guard_sup");
    await guardian.hold(acceptors(supervisor));
    await guardian.suspend(pids.slice(0, 500));
    expect(await target.acceptors()).toBe(0);
    const report = await guardian.disarm();
    expect(report).toMatchObject({ resumed: 500, restarted: 10, leftSuspended: 0, leftHeld: 0 });
    expect(await target.acceptors()).toBe(10);
    await expect(guardian.suspend(pids)).rejects.toThrow(GuardRefusedError);
  });

  test("asks nobody else when it reads back: one that hibernates may end at a message", async () => {
    const asleep = [atom("erlang"), atom("hibernate"), [atom("lists"), atom("seq"), [1, 2]]];
    const other = await target.node.call("proc_lib", "spawn", asleep);
    const guardian = await armed();
    await guardian.suspend(pids.slice(0, 10));
    expect(await guardian.disarm()).toMatchObject({ resumed: 10, leftSuspended: 0 });
    expect(await target.node.call("erlang", "is_process_alive", [other])).toEqual(atom("true"));
    await target.node.call("erlang", "exit", [other, atom("kill")]);
  });

  test("refuses whatever keeps the node alive, and says why", async () => {
    await using guardian = await armed();
    const supervisor = await target.whereis("guard_sup");
    const names = ["init", "kernel_sup", "code_server", "application_controller", "logger", "rex"];
    names.push(
      "net_kernel",
      "release_handler",
      "sasl_sup",
      "logger_std_h_default",
      "beamctl_guard",
    );
    const system = await Promise.all(names.map((name) => target.whereis(name)));
    const dynamic = (await target.eval(
      "element(2, lists:keyfind(dynamic, 1, supervisor:which_children(guard_sup)))",
    )) as Pid;
    const plain = (await target.eval("spawn(timer, sleep, [infinity])")) as Pid;
    const gone = (await target.eval("spawn(erlang, self, [])")) as Pid;
    const events = (await target.eval("element(2, gen_event:start())")) as Pid;
    const [ours, theirs] = pids.slice(0, 2) as [Pid, Pid];
    const earlier = new Pid(theirs.node, theirs.id, theirs.serial, theirs.creation - 1);
    const asked = [...system, supervisor, events, dynamic, plain, gone, earlier, ours];

    const { suspended, failed } = await guardian.suspend(asked);
    expect(suspended).toEqual([ours]);
    const reasons = new Map(failed.map(({ pid, reason }) => [String(pid), reason]));
    for (const [at, pid] of system.entries()) {
      expect([names[at], reasons.get(String(pid))]).toEqual([
        names[at],
        expect.stringMatching(/denied|not_otp/),
      ]);
    }
    expect(reasons.get(String(supervisor))).toBe("denied");
    expect(reasons.get(String(events))).toBe("denied");
    expect(reasons.get(String(dynamic))).toBe("dynamic");
    expect(reasons.get(String(plain))).toBe("not_otp");
    expect(reasons.get(String(gone))).toBe("noproc");
    expect(reasons.get(String(earlier))).toBe("noproc");
    expect(await target.suspended()).toBe(1);
  });

  test("leaves alone what somebody else suspended, hibernating or not", async () => {
    await using guardian = await armed();
    const [other, ...rest] = pids.slice(0, 3) as [Pid, ...Pid[]];
    const asleep = (await target.eval(`
      Start = fun() -> proc_lib:spawn(gen_server, enter_loop, [sets, [], state, hibernate]) end,
      [Held, Running] = [Start(), Start()], timer:sleep(50), sys:suspend(Held), timer:sleep(50), [Held, Running]`)) as Pid[];
    await target.node.systemMessage(other, atom("suspend"));

    const { suspended, failed } = await guardian.suspend([other, ...rest, ...asleep]);
    expect(suspended.map(String).sort()).toEqual([...rest, asleep[1]].map(String).sort());
    expect(failed).toEqual(
      expect.arrayContaining([
        { pid: other, reason: "already_suspended" },
        { pid: asleep[0], reason: "already_suspended" },
      ]),
    );
    await guardian.resume();
    expect(await target.suspended()).toBe(1);
    await target.node.systemMessages([other, asleep[0] as Pid], atom("resume"));
  });

  test("a process that does not answer in time is resumed behind its suspend", async () => {
    await using guardian = await armed();
    const busy = (await target.eval(
      "proc_lib:spawn(fun() -> receive go -> gen_server:enter_loop(sets, [], state) end end)",
    )) as Pid;
    const { suspended, failed } = await guardian.suspend([busy, pids[0] as Pid], { timeout: 200 });
    expect(suspended).toEqual([pids[0]]);
    expect(failed).toEqual([{ pid: busy, reason: "timeout" }]);
    target.node.send(busy, atom("go"));
    // It takes the suspend now, and the resume right behind it.
    const status = await target.node.systemMessage(busy, atom("get_status"));
    expect(running(status)).toBe(true);
    const again = await guardian.suspend([busy]);
    expect(again.failed).toEqual([{ pid: busy, reason: "timeout" }]);
  });

  test("a process that ends while it is held is no failure", async () => {
    await using guardian = await armed();
    const doomed = (await target.eval(
      "proc_lib:spawn(gen_server, enter_loop, [sets, [], state])",
    )) as Pid;
    await guardian.suspend([doomed, pids[0] as Pid]);
    await target.node.call("erlang", "exit", [doomed, atom("kill")]);
    const { failed } = await guardian.resume();
    expect(failed).toEqual([]);
    expect(await guardian.disarm()).toMatchObject({ died: 1, resumed: 1, leftSuspended: 0 });
  });

  test("holds only what comes back, and gives it back when the link is cut", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    const supervisor = await target.whereis("guard_sup");
    const others = [atom("temporary"), atom("inner"), atom("nobody")];
    const kernel = { supervisor: await target.whereis("kernel_sup"), id: atom("config") };
    const { held, failed } = await guardian.hold([
      ...acceptors(supervisor),
      ...others.map((id) => ({ supervisor, id })),
      kernel,
    ]);
    expect(held).toHaveLength(10);
    expect(
      failed.map(({ id, reason }) => `${inspect(id, { syntax: "erlang" })} ${reason}`).sort(),
    ).toEqual(["config denied", "inner denied", "nobody noproc", "temporary temporary"]);
    expect(await target.acceptors()).toBe(0);
    await guardian.suspend(pids);
    await node.close();
    await target.untilFree(60_000);
    await until(async () => (await target.acceptors()) === 10);
    expect(guardian.lost.aborted).toBe(true);
    expect((await guardian.undo()).leftSuspended).toBeUndefined();

    await using journal = await Journal.open(target.node.name, target.state);
    const report = await recover(target.node, journal);
    expect(report.nothingLeft).toBe(true);
    expect(report.operations).toMatchObject([
      {
        operation: guardian.operation,
        undoneByGuard: { why: "controller", resumed: COUNT, restarted: 10 },
        undoneNow: { resumed: 0, restarted: 0 },
      },
    ]);
    expect(await guardStatus(target.node)).toBeUndefined();
    expect(await recover(target.node, journal)).toMatchObject({ operations: [] });
  });

  test("of controllers that race exactly one gets the node, and the others change nothing", async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => target.connect()));
    for (let round = 0; round < 5; round++) {
      const tries = await Promise.allSettled(
        nodes.map((node, at) =>
          Guardian.arm(node, { stateDirectory: `${target.state}/${at}`, operation: `race ${at}` }),
        ),
      );
      const won = tries.filter((result) => result.status === "fulfilled");
      expect(won).toHaveLength(1);
      const winner = won[0]?.value as Guardian;
      for (const lost of tries.filter((result) => result.status === "rejected")) {
        expect(lost.reason).toBeInstanceOf(GuardHeldError);
        expect((lost.reason as GuardHeldError).status?.operation).toBe(winner.operation);
      }
      await winner.disarm();
    }
    await Promise.all(nodes.map((node) => node.close()));
  });

  test("while an install runs nothing is resumed before the release handler answers", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state, lease: 1_000 });
    await guardian.suspend(pids.slice(0, 100));
    await guardian.enter("install", { longest: 60_000 });
    await expect(guardian.resume()).rejects.toThrow(GuardRefusedError);
    // A suspended release handler answers as little as one that installs.
    const handler = await target.whereis("release_handler");
    await target.node.systemMessage(handler, atom("suspend"));
    await node.close();
    await until(async () => (await guardStatus(target.node))?.waiting === true);
    await pause(1_500); // longer than the lease
    expect(await target.suspended()).toBe(101);
    await target.node.systemMessage(handler, atom("resume"));
    await target.untilFree(60_000);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
  });

  test("leaving the install waits for the release handler too", async () => {
    await using guardian = await armed();
    await guardian.suspend(pids.slice(0, 10));
    await guardian.enter("install", { longest: 60_000 });
    const handler = await target.whereis("release_handler");
    await target.node.systemMessage(handler, atom("suspend"));
    let left = false;
    const leaving = guardian.enter("freeze").then(() => {
      left = true;
    });
    await pause(300);
    expect(left).toBe(false);
    await target.node.systemMessage(handler, atom("resume"));
    await leaving;
    expect((await guardian.resume()).resumed).toHaveLength(10);
  });

  test("a process that stood still longer than the lease has lost the hold, and does not go on", async () => {
    const guardian = await armed({ lease: 500 });
    await guardian.suspend(pids.slice(0, 100));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await expect(guardian.suspend(pids)).rejects.toThrow(GuardLostError);
    expect(guardian.lost.aborted).toBe(true);
    expect(await target.suspended()).toBe(0);
    expect(guardian.health.longestStall).toBeGreaterThan(250);
    await expect(guardian.disarm()).rejects.toMatchObject({ why: "lease" });
    expect(await guardian.undo()).toMatchObject({
      undoneByGuard: true,
      resumed: 100,
      leftSuspended: 0,
    });
    expect(await guardStatus(target.node)).toBeUndefined();
  });

  test("holding has an end", async () => {
    const guardian = await armed({ cap: 2_000 });
    await guardian.suspend(pids.slice(0, 100));
    await target.untilFree(60_000);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ why: "cap", resumed: 100, leftSuspended: 0 });
  });

  test("a guardian that is killed is replaced by direct messages", async () => {
    const guardian = await armed();
    const supervisor = await target.whereis("guard_sup");
    await guardian.hold(acceptors(supervisor));
    await guardian.suspend(pids);
    const guard = await target.whereis("beamctl_guard");
    await target.node.call("erlang", "exit", [guard, atom("kill")]);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ why: "died", leftSuspended: 0, leftHeld: 0 });
    expect([await target.suspended(), await target.acceptors()]).toEqual([0, 10]);
  });

  test("the backstop resumes when neither guardian nor controller is left", async () => {
    const node = await target.connect();
    const options = { stateDirectory: target.state, lease: 1_000, cap: 3_000 };
    const guardian = await Guardian.arm(node, options);
    await guardian.hold(acceptors(await target.whereis("guard_sup")));
    await guardian.suspend(pids.slice(0, 200));
    await target.loseBoth(() => node.close());
    expect([await target.suspended(), await target.acceptors()]).toEqual([200, 0]);
    await target.untilFree(60_000);
    await until(async () => (await target.acceptors()) === 10);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({
      nothingLeft: true,
      operations: [{ undoneByGuard: undefined, undoneNow: { resumed: 0, restarted: 0 } }],
    });
  });

  test("a recovery finishes what no guardian is left for", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.hold(acceptors(await target.whereis("guard_sup")));
    await guardian.suspend(pids);
    await target.loseBoth(() => node.close());
    await guardian.undo();
    await expect(armed()).rejects.toThrow(UnfinishedOperationError);
    await using journal = await Journal.open(target.node.name, target.state);
    const report = await recover(target.node, journal);
    expect(report).toMatchObject({
      nothingLeft: true,
      operations: [
        {
          undoneByGuard: undefined,
          undoneNow: { resumed: COUNT, restarted: 10 },
          restarted: false,
        },
      ],
    });
    expect([await target.suspended(), await target.acceptors()]).toEqual([0, 10]);
  });

  test("a living controller is not recovered from, unless by force, and then it must stop", async () => {
    const guardian = await armed();
    await guardian.suspend(pids.slice(0, 100));
    await expect(Journal.open(target.node.name, target.state)).rejects.toThrow(JournalLockedError);
    await using other = await Journal.open(target.node.name, `${target.state}/other`);
    await expect(recover(target.node, other)).rejects.toThrow(GuardHeldError);
    const report = await recover(target.node, other, { force: true });
    expect(report).toMatchObject({ nothingLeft: true, foreign: { operation: guardian.operation } });
    await expect(guardian.suspend(pids)).rejects.toThrow(GuardLostError);
    expect(await target.suspended()).toBe(0);
    await guardian.undo();
  });

  test("survives what nobody should send", async () => {
    await using guardian = await armed();
    await guardian.suspend(pids.slice(0, 10));
    const guard = await target.whereis("beamctl_guard");
    const junk: Term[] = [
      atom("junk"),
      tuple(atom("DOWN"), 1, 2, 3, 4),
      tuple(atom("EXIT"), guard, atom("normal")),
      tuple(atom("beamctl"), guard, 1, 2, atom("disarm")),
      tuple(atom("beamctl"), atom("nobody"), 1, 2, 3),
      tuple(tuple(atom("beamctl"), atom("resume"), guard), atom("ok")),
      tuple(tuple(atom("beamctl"), atom("what"), 1), atom("ok")),
      tuple(atom("system"), tuple(guard, 1), atom("suspend")),
      tuple(atom("$gen_call"), tuple(guard, 1), atom("which_children")),
    ];
    for (const message of junk) target.node.send(guard, message);
    expect(await guardStatus(target.node)).toMatchObject({ phase: "freeze", processes: 10 });
    expect((await guardian.resume()).resumed).toHaveLength(10);
  });
});

function acceptors(supervisor: Pid): { supervisor: Pid; id: Term }[] {
  return Array.from({ length: 10 }, (_, at) => ({
    supervisor,
    id: tuple(atom("acceptor"), at + 1),
  }));
}

function running(status: Term): boolean {
  const [, , , info] = (status as { items: readonly Term[] }).items;
  return (info as readonly Term[])[1] === atom("running");
}
