/** Ordered holds: what is terminated in an order comes back in the reverse of it, whoever gives it back. */

import { connect as dial } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Acceptor, Guardian, Journal, recover } from "../../src/guard/index.ts";
import { atom, inspect, type Pid, type Term, tuple } from "../../src/term/index.ts";
import { freePort, hasRabbit, provision } from "../support/index.ts";
import { cowboyFor } from "../support/shop/cowboy.ts";
import { OTPS, Target, until } from "./target.ts";

// A listener as Thousand Island's: each acceptor, under a supervisor of its own, needs the listener when it starts.
// Every start and end of a child goes to a log.
const TREE = `-behaviour(supervisor).
-export([start/0, start_link/1, init/1, child/3, loop/2, log/0, clear/0]).
start() -> Self = self(),
  spawn(fun() -> register(tree_log, self()), Self ! ready, logger([]) end), receive ready -> ok end,
  spawn(fun() -> {ok, _} = start_link(root), Self ! ready, receive stop -> ok end end), receive ready -> ok end.
logger(Log) -> receive {add, What} -> logger([What | Log]); {get, From} -> From ! {log, lists:reverse(Log)}, logger(Log); clear -> logger([]) end.
log() -> tree_log ! {get, self()}, receive {log, Log} -> Log end.
clear() -> tree_log ! clear.
start_link(root) -> supervisor:start_link({local, tree_root}, ?MODULE, root);
start_link(top) -> supervisor:start_link({local, tree_top}, ?MODULE, top);
start_link(Name) -> supervisor:start_link({local, Name}, ?MODULE, Name).
sup(Id, Arg) -> #{id => Id, start => {?MODULE, start_link, [Arg]}, type => supervisor}.
work(Id, Label, Needs) -> #{id => Id, start => {?MODULE, child, [Id, Label, Needs]}, shutdown => 1000}.
init(root) -> {ok, {#{intensity => 1000}, [sup(top, top)]}};
init(top) -> {ok, {#{strategy => rest_for_one, intensity => 1000000, period => 1},
  [work(listener, listener, none), sup(pool1, tree_pool1), sup(pool2, tree_pool2), work(shutdown_listener, shutdown_listener, listener),
   work(failing, failing, none), sup(ranch_acceptors_sup, tree_other)]}};
init(tree_other) -> {ok, {#{}, []}};
init(Pool) -> {ok, {#{intensity => 1000}, [work(acceptor, {acceptor, Pool}, listener)]}}.
child(_, failing, _) -> case persistent_term:get(tree_fails, false) of
  false -> Pid = spawn_link(?MODULE, loop, [failing, self()]), {ok, Pid}; true -> {error, told_to} end;
child(_, _, Needs) when Needs =/= none, Needs =/= listener -> {error, bad};
child(Id, Label, Needs) ->
  case Needs =:= none orelse whereis(tree_listener) =/= undefined of
    false -> tree_log ! {add, {refused, Label}}, {error, no_listener};
    true -> Self = self(), Pid = spawn_link(fun() -> process_flag(trap_exit, true),
        case Id of listener -> register(tree_listener, self()); _ -> ok end,
        tree_log ! {add, {up, Label}}, Self ! {up, self()}, loop(Label, Self) end),
      receive {up, Pid} -> {ok, Pid} end
  end.
loop(Label, Parent) -> receive {'EXIT', Parent, Why} -> tree_log ! {add, {down, Label}}, exit(Why) end.`;

// Ranch's supervisors by their names: the one that may be terminated with all that is under it.
const RANCH = `-behaviour(supervisor).
-export([start/0, start_link/0, init/1]).
start() -> Self = self(), spawn(fun() -> {ok, _} = supervisor:start_link({local, ranch_top}, ?MODULE, top), Self ! ready, receive stop -> ok end end),
  receive ready -> ok end.
start_link() -> supervisor:start_link({local, ranch_made}, ?MODULE, acceptors).
init(top) -> {ok, {#{}, [#{id => ranch_acceptors_sup, start => {?MODULE, start_link, []}, type => supervisor}]}};
init(acceptors) -> {ok, {#{intensity => 100}, [#{id => {acceptor, self(), N}, start => {guard_sup, child, []}} || N <- lists:seq(1, 3)]}}.`;

describe.each(OTPS)("an ordered hold on %s", (otp) => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.start(otp, 1);
    await target.module("tree", TREE);
    await target.module("ranch_acceptors_sup", RANCH);
    await target.eval("tree:start(), ranch_acceptors_sup:start()");
  });
  afterEach(() => until(async () => (await target.timers()) === 0));
  afterAll(() => target[Symbol.asyncDispose]());

  const armed = (options = {}) =>
    Guardian.arm(target.node, { stateDirectory: target.state, purpose: "a test", ...options });

  /** Acceptors first, then what they need, which is the first child of its supervisor. */
  async function order(): Promise<Acceptor[]> {
    const [top, pool1, pool2] = (await Promise.all(
      ["tree_top", "tree_pool1", "tree_pool2"].map((name) => target.whereis(name)),
    )) as [Pid, Pid, Pid];
    await target.eval("tree:clear()");
    // No order of pids or ids: neither 2, 1 nor "shutdown_listener" before "listener" is sorted.
    return [
      { supervisor: pool2, id: atom("acceptor") },
      { supervisor: pool1, id: atom("acceptor") },
      { supervisor: top, id: atom("shutdown_listener") },
      { supervisor: top, id: atom("listener") },
    ];
  }
  const log = async () => inspect(await target.eval("tree:log()"), { syntax: "erlang" });
  const DOWN =
    "{down,{acceptor,tree_pool2}},{down,{acceptor,tree_pool1}},{down,shutdown_listener},{down,listener}";
  const UP =
    "{up,listener},{up,shutdown_listener},{up,{acceptor,tree_pool1}},{up,{acceptor,tree_pool2}}";
  const expectLog = async (...parts: string[]) =>
    expect((await log()).replaceAll(/\s/g, "")).toBe(`[${parts.join(",")}]`);
  const up = async () => (await log()).replaceAll(/\s/g, "").includes("{up,{acceptor,tree_pool2}}");

  test.runIf(otp === OTPS[0])(
    "an undo does not wait for a supervisor that hangs, and says that it cannot know",
    async () => {
      const guardian = await armed();
      const pool = await target.whereis("tree_pool1");
      await guardian.hold([{ supervisor: pool, id: atom("acceptor") }]);
      await target.node.call("sys", "suspend", [pool]);
      expect(await guardian.undo()).toMatchObject({ why: "asked", leftHeld: undefined });
      await target.node.call("sys", "resume", [pool]); // then the guardian ends what it was asked
      const acceptor = async () =>
        inspect(await target.eval("supervisor:which_children(tree_pool1)"));
      await until(async () => !(await acceptor()).includes("undefined"));
      await using journal = await Journal.open(target.node.name, target.state);
      expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
    },
    60_000,
  );

  test("is released in the reverse order, over several calls too", async () => {
    await using guardian = await armed();
    const all = await order();
    const { held, failed } = await guardian.hold([...all, all[0] as Acceptor]);
    expect([held, failed]).toEqual([all, []]);
    await expectLog(DOWN);
    expect(await guardian.release()).toEqual({ released: 4, gone: 0, failed: [] });
    await expectLog(DOWN, UP);

    await target.eval("tree:clear()");
    await guardian.hold(all.slice(0, 1));
    await guardian.hold(all.slice(1, 3));
    await guardian.hold(all.slice(3));
    await expectLog(DOWN);
    expect(await guardian.release()).toMatchObject({ released: 4 });
    await expectLog(DOWN, UP);
  });

  test("is undone in the reverse order by the guardian", async () => {
    const guardian = await armed();
    await guardian.hold(await order());
    expect(await guardian.disarm()).toMatchObject({ restarted: 4, leftHeld: 0 });
    await expectLog(DOWN, UP);
  });

  test("is undone in the reverse order when the link is cut", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.hold(await order());
    await node.close();
    await until(up);
    await expectLog(DOWN, UP);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
  });

  test("is undone in the reverse order from here when the guardian is killed", async () => {
    const guardian = await armed();
    const all = await order();
    await guardian.hold(all.slice(0, 2));
    await guardian.hold(all.slice(2));
    await target.killGuard();
    await until(() => guardian.lost.aborted);
    expect(await guardian.undo()).toMatchObject({ why: "died", restarted: 4, leftHeld: 0 });
    await expectLog(DOWN, UP);
  });

  test("is undone in the reverse order by the backstop, over several calls too", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, {
      stateDirectory: target.state,
      lease: 1_000,
      cap: 2_000,
    });
    const all = await order();
    await guardian.hold(all.slice(0, 1));
    await guardian.hold(all.slice(1, 3));
    await guardian.hold(all.slice(3));
    await target.loseBoth(() => node.close());
    await expectLog(DOWN);
    await until(up);
    await expectLog(DOWN, UP);
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
    await expectLog(DOWN, UP);
  });

  test("is undone in the reverse order by a recovery", async () => {
    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.hold(await order());
    await target.loseBoth(() => node.close());
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({
      nothingLeft: true,
      operations: [{ undoneNow: { restarted: 4 }, left: { acceptors: 0 } }],
    });
    await expectLog(DOWN, UP);
  });

  test("one that cannot be started again is told, the others are, and it stays held", async () => {
    const guardian = await armed();
    const top = await target.whereis("tree_top");
    const failing = { supervisor: top, id: atom("failing") };
    const [acceptor] = (await order()) as [Acceptor];
    await guardian.hold([acceptor, failing]);
    await target.eval("persistent_term:put(tree_fails, true)");
    expect(await guardian.release()).toEqual({
      released: 1,
      gone: 0,
      failed: [{ ...failing, reason: "failed" }],
    });
    await target.eval("persistent_term:erase(tree_fails)");
    expect(await guardian.release()).toEqual({ released: 1, gone: 0, failed: [] });
    expect(await guardian.disarm()).toMatchObject({ leftHeld: 0 });
  });

  test("a child that its supervisor restarts is not held, and is as wished when released", async () => {
    await using guardian = await armed();
    const failing = { supervisor: await target.whereis("tree_top"), id: atom("failing") };
    const crash = `
      {_, Pid, _, _} = lists:keyfind(failing, 1, supervisor:which_children(tree_top)),
      persistent_term:put(tree_fails, true), exit(Pid, kill)`;
    const state = () =>
      target.eval("element(2, lists:keyfind(failing, 1, supervisor:which_children(tree_top)))");
    await target.eval(crash);
    await until(async () => (await state()) === atom("restarting"));
    expect((await guardian.hold([failing])).failed).toEqual([{ ...failing, reason: "restarting" }]);
    await target.eval("persistent_term:erase(tree_fails)");
    await until(async () => (await state()) !== atom("restarting"));
    // Somebody else starts what we hold, and it crashes.
    expect((await guardian.hold([failing])).held).toEqual([failing]);
    await target.eval(`{ok, _} = supervisor:restart_child(tree_top, failing), ${crash}`);
    await until(async () => (await state()) === atom("restarting"));
    expect(await guardian.release()).toEqual({ released: 1, gone: 0, failed: [] });
    await target.eval("persistent_term:erase(tree_fails)");
    await until(async () => (await state()) !== atom("restarting"));
  });

  test("a listener that restarts meanwhile starts its own, and nothing of it is held", async () => {
    const restarted = async () => {
      const before = await target.whereis("tree_top");
      await target.eval("exit(whereis(tree_top), kill)");
      await until(async () => {
        const now = await target.eval("whereis(tree_top)");
        return now !== before && now !== atom("undefined");
      });
      await until(up);
    };
    const guardian = await armed();
    await guardian.hold(await order());
    await restarted();
    expect(await guardian.release()).toEqual({ released: 0, gone: 4, failed: [] });
    await guardian.hold(await order());
    await restarted();
    expect(await guardian.disarm()).toMatchObject({ leftHeld: 0, restarted: 0 });

    const other = await armed();
    await other.hold(await order());
    await restarted();
    await target.killGuard();
    await until(() => other.lost.aborted);
    expect(await other.undo()).toMatchObject({ why: "died", leftHeld: 0, restarted: 0 });
    await using journal = await Journal.open(target.node.name, target.state);
    expect(journal.unfinished).toEqual([]);
  });

  test("of supervisors only Ranch's of acceptors may be terminated, and not above one that is held", async () => {
    await using guardian = await armed();
    const top = await target.whereis("tree_top");
    const refused = ["pool1", "ranch_acceptors_sup"].map((id) => ({
      supervisor: top,
      id: atom(id),
    }));
    expect((await guardian.hold(refused)).failed).toEqual(
      refused.map((child) => ({ ...child, reason: "denied" })),
    );

    const made = await target.whereis("ranch_made");
    const whole = {
      supervisor: await target.whereis("ranch_top"),
      id: atom("ranch_acceptors_sup"),
    };
    const one = { supervisor: made, id: tuple(atom("acceptor"), made, 1) };
    expect((await guardian.hold([one, whole])).failed).toEqual([{ ...whole, reason: "denied" }]);
    expect((await guardian.hold([whole])).failed).toEqual([{ ...whole, reason: "denied" }]);
    await guardian.release();
    expect((await guardian.hold([whole])).held).toEqual([whole]);
    expect(await target.eval("whereis(ranch_made)")).toBe(atom("undefined"));
    expect((await guardian.hold([whole])).failed).toEqual([{ ...whole, reason: "already_held" }]);
    expect(await guardian.release()).toMatchObject({ released: 1 });
    expect(await target.eval("length(supervisor:which_children(ranch_made))")).toBe(3);
  });
});

describe.runIf(await hasRabbit())("a real Ranch", () => {
  test("refuses clients while its acceptors' supervisor is held, and takes them when the link is cut", async () => {
    const otp = await provision("otp25");
    await using target = await Target.start("otp25", 1, {
      env: { ERL_LIBS: await cowboyFor(otp) },
    });
    const port = await freePort();
    await target.module(
      "echo",
      `-export([start_link/3, run/2]).
start_link(Ref, _, _) -> {ok, spawn_link(?MODULE, run, [Ref, self()])}.
run(Ref, _) -> {ok, S} = ranch:handshake(Ref), {ok, Data} = gen_tcp:recv(S, 0), gen_tcp:send(S, Data), gen_tcp:close(S).`,
    );
    await target.eval(`{ok, _} = application:ensure_all_started(ranch),
      {ok, _} = ranch:start_listener(shop, ranch_tcp, #{socket_opts => [{port, ${port}}, {ip, {127, 0, 0, 1}}], num_acceptors => 5}, echo, [])`);
    const supervisor = (await target.eval("ranch_server:get_listener_sup(shop)")) as Pid;
    expect(await say(port)).toBe("hello");

    const node = await target.connect();
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    const child = { supervisor, id: atom("ranch_acceptors_sup") };
    expect((await guardian.hold([child])).held).toEqual([child]);
    expect(await say(port)).toBe("ECONNREFUSED");
    expect(await guardian.release()).toEqual({ released: 1, gone: 0, failed: [] });
    expect(await say(port)).toBe("hello");
    // Its children by themselves: clients wait.
    const acceptors = (await target.eval(
      "{_, Sup, _, _} = lists:keyfind(ranch_acceptors_sup, 1, supervisor:which_children(ranch_server:get_listener_sup(shop))), [{Sup, Id} || {Id, _, _, _} <- supervisor:which_children(Sup)]",
    )) as unknown as { items: [Pid, Term] }[];
    expect(acceptors).toHaveLength(5);
    await guardian.hold(acceptors.map(({ items: [sup, id] }) => ({ supervisor: sup, id })));
    const waits = say(port);
    await guardian.release();
    expect(await waits).toBe("hello");

    await guardian.hold([child]);
    expect(await say(port)).toBe("ECONNREFUSED");
    await node.close();
    await until(async () => (await say(port)) === "hello");
    await guardian.undo();
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
  });
});

/** What a client gets back, or the code of its error. */
function say(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = dial({ port, host: "127.0.0.1" }, () => socket.write("hello"));
    socket.on("data", (data: Buffer) => resolve(data.toString()));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
