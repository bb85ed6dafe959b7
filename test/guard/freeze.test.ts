/** Freezing: what takes no system messages stands still while the guardian lives, and not a moment longer. */

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  Guardian,
  GuardLostError,
  GuardRefusedError,
  guardStatus,
  Journal,
  recover,
  type SuspendFailure,
} from "../../src/guard/index.ts";
import { atom, inspect, Pid, type Term, tuple } from "../../src/term/index.ts";
import { OTPS, Target, until } from "./target.ts";

const COUNT = 2_000;

// Plain processes, as Cowboy 1's connections are: no proc_lib, no sys.
const PLAIN = `-export([start/1, loop/0, ask/0, start_link/0]).
start(Count) -> Self = self(), spawn(fun() -> register(plain, self()), put(pids, [spawn(?MODULE, loop, []) || _ <- lists:seq(1, Count)]),
  Self ! ready, receive stop -> ok end end), receive ready -> ok end.
start_link() -> {ok, spawn_link(?MODULE, loop, [])}.
loop() -> receive {busy, From} -> busy(From), loop(); {From, Ref} -> From ! Ref, loop() end.
ask() -> {_, Kept} = process_info(whereis(plain), dictionary), {_, Pids} = lists:keyfind(pids, 1, Kept), Ref = make_ref(),
  [P ! {self(), Ref} || P <- Pids], length([ok || _ <- Pids, receive Ref -> true after 500 -> false end]).
busy(From) -> A = deep(28), B = deep(28), From ! busy, true = A =:= B.
deep(0) -> []; deep(N) -> Half = deep(N - 1), [Half | Half].`;

describe.each(["otp23", ...OTPS] as const)("freezing on %s", (otp) => {
  let target: Target;
  let pids: Pid[];
  let servers: Pid[];
  beforeAll(async () => {
    target = await Target.start(otp, 10, { args: ["+S", "4:4"] });
    await target.module("plain", PLAIN);
    await target.eval(`plain:start(${COUNT})`);
    servers = await target.servers();
    pids = (await target.eval(
      "{_, Kept} = process_info(whereis(plain), dictionary), {_, Pids} = lists:keyfind(pids, 1, Kept), Pids",
    )) as Pid[];
  });
  afterEach(async () => {
    await until(async () => (await target.timers()) === 0);
    expect([await target.suspended(), await target.frozen()]).toEqual([0, 0]);
    expect(await target.eval("plain:ask()")).toBe(COUNT);
  });
  afterAll(() => target[Symbol.asyncDispose]());

  const armed = (options = {}) =>
    Guardian.arm(target.node, { stateDirectory: target.state, purpose: "a test", ...options });
  const spawned = async (text: string) => (await target.eval(text)) as Pid;

  test("stops what takes no system messages, and lets it run again", async () => {
    const guardian = await armed();
    const { frozen, failed } = await guardian.freeze(pids);
    expect([frozen.length, failed]).toEqual([COUNT, []]);
    expect(await target.frozen()).toBe(COUNT);
    expect(await guardStatus(target.node)).toMatchObject({ processes: 0, frozen: COUNT });
    // What is sent meanwhile waits.
    const waiting = target.node.mailbox();
    target.node.send(pids[0] as Pid, tuple(waiting.pid, atom("answer")));
    await pause(100);
    expect(
      await target.eval(
        "length([P || P <- processes(), {_, 1} <- [process_info(P, message_queue_len)]])",
      ),
    ).toBe(1);
    const { resumed, failed: silent } = await guardian.resume();
    expect([resumed.length, silent]).toEqual([COUNT, []]);
    for await (const answer of waiting) {
      expect(answer).toBe(atom("answer"));
      break;
    }
    waiting.close();
    expect(await guardStatus(target.node)).toMatchObject({ frozen: 0, timers: [] });
    expect(await guardian.disarm()).toMatchObject({
      why: "asked",
      resumed: COUNT,
      freed: 0,
      leftSuspended: 0,
    });
    const records = await Journal.read(target.node.name, target.state);
    const kinds = records.filter(({ op }) => op === guardian.operation).map(({ kind }) => kind);
    expect(kinds).toEqual([
      "begin",
      "armed",
      "freeze",
      "frozen",
      "resume",
      "resumed",
      "disarm",
      "end",
    ]);
  });

  test("gives back some, then the rest by its end, and both kinds at once", async () => {
    const guardian = await armed();
    await guardian.freeze(pids.slice(0, 100));
    await guardian.suspend(servers);
    expect((await guardian.resume(pids.slice(0, 40))).resumed).toHaveLength(40);
    expect([await target.suspended(), await target.frozen()]).toEqual([10, 60]);
    expect((await guardian.resume()).resumed).toHaveLength(70);
    expect([await target.suspended(), await target.frozen()]).toEqual([0, 0]);
    await guardian.freeze(pids.slice(0, 100));
    await guardian.suspend(servers);
    expect(await guardian.disarm()).toMatchObject({ resumed: 220, leftSuspended: 0 });
  });

  test("refuses what must not stand still, and says why", async () => {
    await using guardian = await armed();
    const names = [
      "init",
      "erts_code_purger",
      "kernel_sup",
      "rex",
      "release_handler",
      "user",
      "guard_sup",
      "beamctl_guard",
    ];
    const denied = await Promise.all(names.map((name) => target.whereis(name)));
    // The runtime's own processes have no name and no group leader that tells.
    const runtime = (await target.eval(
      "[P || P <- processes(), {_, {M, _, _}} <- [process_info(P, initial_call)], lists:member(M, erlang:pre_loaded() -- [erlang])]",
    )) as Pid[];
    expect(runtime.length).toBeGreaterThan(4);
    const events = await spawned("element(2, gen_event:start())");
    const gone = await spawned("spawn(erlang, self, [])");
    const dynamic = await spawned(
      "element(2, lists:keyfind(dynamic, 1, supervisor:which_children(guard_sup)))",
    );
    const ours = target.node.mailbox();
    const [other, held, theirs] = servers as [Pid, Pid, Pid];
    await target.node.systemMessage(other, atom("suspend"));
    // A plain child that its supervisor declares to be a supervisor, or whose modules it does not know.
    const children = (await target.eval(`
      Self = self(),
      spawn(fun() ->
        Specs = [{sup, permanent, supervisor, [plain]}, {dyn, permanent, worker, dynamic}, {work, permanent, worker, [plain]}],
        {ok, Sup} = supervisor:start_link(guard_sup, []),
        [{ok, _} = supervisor:start_child(Sup, #{id => Id, start => {plain, start_link, []}, restart => R, type => T, modules => M})
          || {Id, R, T, M} <- Specs],
        register(plain_sup, self()),
        Self ! [element(2, lists:keyfind(Id, 1, supervisor:which_children(Sup))) || Id <- [sup, dyn, work]],
        receive stop -> ok end
      end),
      receive [_ | _] = Children -> Children end`)) as [Pid, Pid, Pid];
    const earlier = new Pid(theirs.node, theirs.id, theirs.serial, theirs.creation - 1);
    await guardian.suspend([held]);
    const [first, second] = pids as [Pid, Pid];
    expect((await guardian.freeze([first, first])).frozen).toEqual([first]);

    const asked = [
      ...denied,
      ...runtime,
      events,
      gone,
      dynamic,
      ours.pid,
      other,
      held,
      earlier,
      ...children,
      first,
      second,
    ];
    const { frozen, failed } = await guardian.freeze(asked);
    expect(frozen.map(String).sort()).toEqual([second, children[2]].map(String).sort());
    const reasons = reasonsOf(failed);
    for (const pid of [...denied, ...runtime, events, ours.pid, children[0]]) {
      expect([String(pid), reasons.get(String(pid))]).toEqual([String(pid), "denied"]);
    }
    expect([gone, earlier].map((pid) => reasons.get(String(pid)))).toEqual(["noproc", "noproc"]);
    expect([dynamic, children[1]].map((pid) => reasons.get(String(pid)))).toEqual([
      "dynamic",
      "dynamic",
    ]);
    expect(reasons.get(String(other))).toBe("already_suspended");
    expect([held, first].map((pid) => reasons.get(String(pid)))).toEqual([
      "already_held",
      "already_held",
    ]);
    // What is frozen cannot be suspended either, and what takes no system messages is still not suspended.
    const { failed: both } = await guardian.suspend([first, pids[2] as Pid]);
    expect(reasonsOf(both).get(String(first))).toBe("already_held");
    expect(reasonsOf(both).get(String(pids[2]))).toBe("not_otp");
    await guardian.resume();
    expect([await target.suspended(), await target.frozen()]).toEqual([1, 0]);
    await target.node.systemMessage(other, atom("resume"));
    target.node.send("plain_sup", atom("stop"));
    ours.close();
    await expect(guardian.freeze(pids, { timeout: Number.POSITIVE_INFINITY })).rejects.toThrow(
      GuardRefusedError,
    );
  });

  test("leaves a suspension of somebody else to them", async () => {
    await using guardian = await armed();
    const [theirs] = pids as [Pid];
    await target.eval(`
      Self = self(),
      spawn(fun() ->
        {_, Kept} = process_info(whereis(plain), dictionary), {_, [P | _]} = lists:keyfind(pids, 1, Kept),
        erlang:suspend_process(P), register(other, self()), Self ! ready, receive stop -> ok end
      end),
      receive ready -> ok end`);
    expect((await guardian.freeze([theirs])).frozen).toEqual([theirs]);
    await guardian.resume();
    expect(await target.frozen()).toBe(1);
    await guardian.freeze([theirs]);
    target.node.send("other", atom("stop"));
    await until(async () => (await target.eval("whereis(other)")) === atom("undefined"));
    expect(await target.frozen()).toBe(1);
  });

  test("a frozen process can be killed, and is no failure then", async () => {
    await using guardian = await armed();
    const doomed = await Promise.all([
      spawned("spawn(plain, loop, [])"),
      spawned("spawn(plain, loop, [])"),
    ]);
    await guardian.freeze([...doomed, pids[0] as Pid]);
    await target.node.call("erlang", "exit", [doomed[0], atom("kill")]);
    await target.node.call("erlang", "exit", [doomed[1], atom("shutdown")]);
    await until(async () => (await guardStatus(target.node))?.counts["died"] === 2);
    expect(await guardStatus(target.node)).toMatchObject({ frozen: 1 });
    expect((await guardian.resume()).failed).toEqual([]);
    expect(await guardian.disarm()).toMatchObject({ died: 2, resumed: 1, leftSuspended: 0 });
  });

  test("a hibernating process is frozen as any other, and not woken for it", async () => {
    await using guardian = await armed();
    const asleep = await spawned(
      "P = proc_lib:spawn(gen_server, enter_loop, [sets, [], state, hibernate]), timer:sleep(50), P",
    );
    expect((await guardian.freeze([asleep])).frozen).toEqual([asleep]);
    const now = await target.node.call("erlang", "process_info", [
      asleep,
      atom("current_function"),
    ]);
    expect(inspect(now, { syntax: "erlang" })).toMatch(/hibernate/); // erlang:hibernate/3; on OTP 29 gen_server:loop_hibernate/4
    expect(await target.frozen()).toBe(1);
    await guardian.resume();
    await target.node.systemMessage(asleep, atom("get_status"));
    await target.node.call("erlang", "exit", [asleep, atom("kill")]);
  });

  test("when the guardian is killed all run at once, and the report says who did it", async () => {
    const guardian = await armed();
    await guardian.freeze(pids);
    await guardian.suspend(servers);
    await target.killGuard();
    expect(await target.frozen()).toBe(0);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({
      why: "died",
      freed: COUNT,
      resumed: 10,
      leftSuspended: 0,
    });
    await expect(guardian.freeze(pids)).rejects.toThrow(GuardLostError);
  });

  test("when nobody is left a recovery has nothing to resume, and says so", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.freeze(pids);
    await target.loseBoth(() => node.close());
    expect(await target.frozen()).toBe(0);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({
      nothingLeft: true,
      operations: [
        { undoneByGuard: undefined, undoneNow: { resumed: 0, restarted: 0 }, freed: COUNT },
      ],
    });
  });

  test("when the link is cut the guardian resumes, and tells", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.freeze(pids);
    await node.close();
    await target.untilFree(60_000);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({
      nothingLeft: true,
      operations: [{ undoneByGuard: { why: "controller", resumed: COUNT }, freed: 0 }],
    });
  });

  test("freezing has an end too", async () => {
    const guardian = await armed({ cap: 2_000 });
    await guardian.freeze(pids);
    await target.untilFree(60_000);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ why: "cap", resumed: COUNT, leftSuspended: 0 });
  });

  test("a guardian that stands still itself is killed by the backstop, and with it the freeze", async () => {
    const guardian = await armed({ lease: 1_000, cap: 3_000 });
    await guardian.freeze(pids);
    await target.eval(
      "spawn(fun() -> erlang:suspend_process(whereis(beamctl_guard)), register(other, self()), receive stop -> ok end end)",
    );
    await target.untilFree(60_000);
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ leftSuspended: 0 });
    target.node.send("other", atom("stop"));
    await until(async () => (await target.eval("whereis(other)")) === atom("undefined"));
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
  });

  /**
   * A guardian whose process enters a comparison that does not yield, and so takes no signal, when its freeze has been looked at and
   * written down. Whether it then takes the freeze in time depends on who shares its scheduler: tried until it did not.
   */
  async function whileBusy(
    act: (guardian: Guardian, freezing: ReturnType<Guardian["freeze"]>) => Promise<boolean>,
    timeout: number,
  ): Promise<Pid> {
    for (let tries = 0; tries < 20; tries++) {
      const busy = await spawned("spawn_opt(plain, loop, [], [{scheduler, 4}])");
      await using journal = await Journal.open(target.node.name, target.state);
      const append = journal.append.bind(journal);
      journal.append = async (op, entry) => {
        await append(op, entry);
        if (entry.kind !== "freeze") return;
        const told = target.node.mailbox();
        target.node.send(busy, tuple(atom("busy"), told.pid));
        for await (const message of told) {
          expect(message).toBe(atom("busy"));
          break;
        }
        told.close();
      };
      const guardian = await armed({ journal });
      try {
        if (await act(guardian, guardian.freeze([busy, pids[0] as Pid], { timeout }))) return busy;
      } finally {
        await guardian.undo();
      }
      await target.node.call("erlang", "exit", [busy, atom("kill")]);
    }
    throw new Error("it always took the freeze in time");
  }

  /** It is never frozen between now and its first answer. */
  async function runsOn(busy: Pid): Promise<void> {
    const answers = target.node.mailbox();
    target.node.send(busy, tuple(answers.pid, atom("runs")));
    for await (const answer of answers) {
      expect(answer).toBe(atom("runs"));
      break;
    }
    answers.close();
    await target.node.call("erlang", "exit", [busy, atom("kill")]);
  }

  test("a freeze that is not taken in time is called back, and does not come later", async () => {
    const busy = await whileBusy(async (guardian, freezing) => {
      const { frozen, failed } = await freezing;
      expect(frozen.length + failed.length).toBe(2);
      if (failed.length === 0) return false;
      expect(frozen).toEqual([pids[0]]);
      const [{ pid, reason }] = failed as [SuspendFailure];
      expect(reason).toBe("timeout");
      expect(await guardStatus(target.node)).toMatchObject({ frozen: 1, counts: { late: 1 } });
      // It may still be busy, and is not asked again.
      expect((await guardian.freeze([pid])).failed).toEqual([{ pid, reason: "timeout" }]);
      return true;
    }, 50);
    await runsOn(busy);
  });

  test.each(["an undo", "the guardian's death"])(
    "%s in the middle of a freeze calls back what is on its way",
    async (end) => {
      const outstanding = `{_, All} = process_info(whereis(beamctl_guard), suspending), [ok || {_, 0, 1} <- All]`;
      const busy = await whileBusy(async (guardian, freezing) => {
        freezing.catch(() => undefined);
        await until(async () => (await guardStatus(target.node))?.frozen === 2);
        const waited = (await target.eval(outstanding)) as Term[];
        if (end !== "an undo") await target.killGuard();
        expect(await guardian.undo()).toMatchObject({ leftSuspended: 0 });
        await freezing.catch(() => undefined);
        return waited.length === 1;
      }, 60_000);
      await runsOn(busy);
    },
  );

  test("old code of a frozen process can be purged, as that of any other", async () => {
    await using guardian = await armed();
    await target.module("old", "-export([loop/0]).\nloop() -> receive x -> loop() end.");
    const old = await spawned("spawn(old, loop, [])");
    await until(
      async () =>
        (
          (await target.eval(
            `[ok || P <- processes(), {_, {old, loop, 0}} <- [process_info(P, current_function)], {_, waiting} <- [process_info(P, status)]]`,
          )) as Term[]
        ).length === 1,
    );
    await guardian.freeze([old, ...pids]);
    await target.module("old", "-export([loop/0]).\nloop() -> receive y -> loop() end.");
    expect(await target.eval("{code:soft_purge(old), code:purge(old)}")).toEqual(
      tuple(atom("false"), atom("true")),
    );
    await until(async () => (await guardStatus(target.node))?.counts["died"] === 1);
    expect(await guardStatus(target.node)).toMatchObject({ frozen: COUNT });
  });
});

function reasonsOf(failed: readonly SuspendFailure[]): Map<string, string> {
  return new Map(failed.map(({ pid, reason }) => [String(pid), reason]));
}
