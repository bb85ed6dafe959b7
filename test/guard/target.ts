/** A real node with processes to hold, and questions about them that do not go through the guard. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, Pid, type Term } from "../../src/term/index.ts";
import { type BeamProcess, type OtpSet, provision, startErl } from "../support/index.ts";

const ERLANG = { language: "erlang" } as const;

export const OTPS = ["otp25", "otp27", "otp29"] as const;

// gen_servers of no module of ours: `enter_loop` takes any module name until a message for it comes.
const SERVERS = `
Self = self(),
spawn(fun() ->
  register(servers, self()),
  put(pids, [proc_lib:spawn(gen_server, enter_loop, [sets, [], state]) || _ <- lists:seq(1, COUNT)]),
  Self ! ready,
  receive stop -> ok end
end),
receive ready -> ok end,
Lines = ["-module(guard_sup).", "-export([init/1, child/0]).",
  "child() -> {ok, proc_lib:spawn_link(gen_server, enter_loop, [sets, [], state])}.",
  "init(Children) -> {ok, {#{intensity => 100}, [#{id => Id, start => {guard_sup, child, []}, restart => Restart,",
  "  type => Type, modules => Modules} || {Id, Restart, Type, Modules} <- Children]}}."],
ok = file:write_file("guard_sup.erl", lists:join("\\n", Lines)),
{ok, guard_sup} = compile:file("guard_sup"),
{module, guard_sup} = code:load_abs("guard_sup"),
spawn(fun() ->
  {ok, _} = supervisor:start_link({local, guard_sup}, guard_sup,
    [{{acceptor, N}, permanent, worker, [sets]} || N <- lists:seq(1, 10)] ++
    [{temporary, temporary, worker, [sets]}, {inner, permanent, supervisor, [sets]}, {dynamic, permanent, worker, dynamic}]),
  Self ! ready,
  receive stop -> ok end
end),
receive ready -> ok end.`;

/** More arguments and environment of the node; a name, cookie and port that it had before. */
export interface TargetOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly cookie?: string;
  readonly port?: number;
}

/** A node that runs `servers` gen_servers, and a supervisor `guard_sup` of ten acceptors and three other children. */
export class Target implements AsyncDisposable {
  readonly process: BeamProcess;
  /** A folder for journals. */
  readonly state: string;
  /** The connection of the test itself. */
  readonly node: BeamNode;

  private constructor(process: BeamProcess, state: string, node: BeamNode) {
    this.process = process;
    this.state = state;
    this.node = node;
  }

  static async start(
    otp: OtpSet,
    servers: number,
    { args = [], env = {}, ...identity }: TargetOptions = {},
  ): Promise<Target> {
    const beam = await startErl({
      ...identity,
      otp: await provision(otp),
      args: ["-boot", "start_sasl", ...args],
      env,
      eval: SERVERS.replace("COUNT", String(servers)).replaceAll("\n", " "),
    });
    const state = await mkdtemp(join(tmpdir(), "beamctl-state-"));
    return new Target(beam, state, await Target.#connect(beam));
  }

  static #connect({ name, cookie, port }: BeamProcess): Promise<BeamNode> {
    return connect(name, { cookie, address: { host: "127.0.0.1", port } });
  }

  /** Another connection, as of another controller. */
  connect(): Promise<BeamNode> {
    return Target.#connect(this.process);
  }

  /** Evaluates Erlang on the node. */
  eval(text: string): Promise<Term> {
    return evaluate(this.node, text, ERLANG);
  }

  /** Compiles a module on the node and loads it. */
  async module(name: string, source: string): Promise<void> {
    const text = JSON.stringify(`-module(${name}).\n${source}\n`);
    await this.eval(`ok = file:write_file("${name}.erl", ${text}), {ok, ${name}} = compile:file("${name}"),
      {module, ${name}} = code:load_abs("${name}")`);
  }

  /** Freezes the guardian, has its controller end, then kills it: it could undo nothing. */
  async loseBoth(end: () => Promise<void>): Promise<void> {
    await this.eval(`
      Self = self(),
      spawn(fun() ->
        Guard = whereis(beamctl_guard), erlang:suspend_process(Guard), register(killer, self()), Self ! frozen,
        receive kill -> exit(Guard, kill) end
      end),
      receive frozen -> ok end`);
    await end();
    await this.killGuard(() => this.node.send("killer", atom("kill")));
  }

  /** Kills the guardian, and waits until it has ended. */
  async killGuard(kill?: () => void): Promise<void> {
    const guard = await this.whereis("beamctl_guard");
    const monitor = this.node.monitor(guard);
    if (kill === undefined) await this.node.call("erlang", "exit", [guard, atom("kill")]);
    else kill();
    await monitor.down;
  }

  /** The gen_servers. */
  servers(): Promise<Pid[]> {
    return servers(this.node);
  }

  async whereis(name: string): Promise<Pid> {
    const pid = await this.node.call("erlang", "whereis", [atom(name)]);
    if (pid instanceof Pid) return pid;
    throw new Error(`nothing is registered as ${name}`);
  }

  /** How many processes of the node stand in the suspend loop. */
  async suspended(): Promise<number> {
    const count = await this.eval(
      "length([P || P <- processes(), {_, {sys, suspend_loop, _}} <- [process_info(P, current_function)]])",
    );
    return Number(count);
  }

  /** How many processes of the node the runtime has suspended, as `erlang:suspend_process/2` does. */
  async frozen(): Promise<number> {
    const count = await this.eval(
      "length([P || P <- processes(), {_, suspended} <- [process_info(P, status)]])",
    );
    return Number(count);
  }

  /** How many of the ten acceptors run. */
  async acceptors(): Promise<number> {
    const count = await this.eval(
      "length([P || {{acceptor, _}, P, _, _} <- supervisor:which_children(guard_sup), is_pid(P)])",
    );
    return Number(count);
  }

  /** How many processes are suspended or frozen, and acceptors do not run. */
  async held(): Promise<number> {
    return (await this.heldAt()).held;
  }

  /** As {@link held}, and when the node began and ended to count, by the machine's clock in milliseconds. */
  async heldAt(): Promise<{
    readonly began: number;
    readonly ended: number;
    readonly held: number;
  }> {
    const told = await this.eval(`
      Began = os:system_time(millisecond),
      Infos = [process_info(P, [current_function, status]) || P <- processes()],
      Still = length([I || [{_, F}, {_, S}] = I <- Infos,
          S =:= suspended orelse (element(1, F) =:= sys andalso element(2, F) =:= suspend_loop)]),
      Run = length([P || {{acceptor, _}, P, _, _} <- supervisor:which_children(guard_sup), is_pid(P)]),
      [Began, os:system_time(millisecond), Still + 10 - Run]`);
    const [began = 0, ended = 0, held = 0] = (told as readonly Term[]).map(Number);
    return { began, ended, held };
  }

  /** How many timers of stdlib's `timer` are armed on the node. */
  async timers(): Promise<number> {
    return Number(
      await this.eval(
        "lists:sum([ets:info(T, size) || T <- ets:all(), ets:info(T, owner) =:= whereis(timer_server)])",
      ),
    );
  }

  /** Waits until nothing is suspended or frozen; resolves with the milliseconds it took. */
  async untilFree(limit: number): Promise<number> {
    const from = performance.now();
    for (;;) {
      const left = (await this.suspended()) + (await this.frozen());
      const took = performance.now() - from;
      if (left === 0) return took;
      if (took > limit) throw new Error(`${left} processes are still suspended after ${limit} ms`);
      await pause(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
    await this.process[Symbol.asyncDispose]();
    await rm(this.state, { recursive: true, force: true });
  }
}

export async function servers(node: BeamNode): Promise<Pid[]> {
  const pids = await evaluate(
    node,
    "{_, Kept} = process_info(whereis(servers), dictionary), {_, Pids} = lists:keyfind(pids, 1, Kept), Pids",
    ERLANG,
  );
  return (pids as readonly Term[]).filter((pid) => pid instanceof Pid);
}

/** Waits until it holds: the test's own timeout is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}
