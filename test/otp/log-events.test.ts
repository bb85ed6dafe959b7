/** A node's log as a stream, and what is left of it on the node: nothing. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect, startNode } from "../../src/node/index.ts";
import { evaluate, logEvents } from "../../src/otp/index.ts";
import { atom, charlist, inspect, Pid, type Term, type tuple } from "../../src/term/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("the log of %s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  const join = () =>
    connect(erl.name, { cookie: erl.cookie, address: { host: "127.0.0.1", port: erl.port } });
  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    node = await join();
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });
  const erlang = (text: string) => evaluate(node, text, { language: "erlang" });
  const filters = async () =>
    inspect(await erlang("maps:get(filters, logger:get_primary_config())"));

  it("comes as it is written, in order, with its texts made here", async () => {
    await using stream = await logEvents(node);
    await erlang(
      'logger:error("~p of ~ts", [{a, 1.5}, <<"tea">>]), logger:warning("plain"), logger:notice(#{what => report}), logger:error("odd ~p", [])',
    );
    const events = [
      await stream.next(),
      await stream.next(),
      await stream.next(),
      await stream.next(),
    ];
    expect(events.map(({ level, text }) => [level, text])).toEqual([
      ["error", "{a,1.5} of tea"],
      ["warning", "plain"],
      ["notice", "%{what: :report}"],
      ["error", '{~c"odd ~p", []}'],
    ]);
    expect(events[0]?.pid).toBeInstanceOf(Pid);
    expect(Math.abs((events[0]?.time as number) / 1000 - Date.now())).toBeLessThan(60_000);
    expect(events[0]?.meta.get(atom("gl"))).toBeInstanceOf(Pid);
    const crash = stream.next();
    await erlang(
      "spawn(fun() -> exit({boom, lists:seq(1, 3)}) end), proc_lib:spawn(fun() -> error(crashed) end), ok",
    );
    expect((await crash).text).toMatch(/crashed/);
    expect(stream.dropped).toBe(0);
  });

  it("leaves out what is below its level, and several streams do not meet", async () => {
    await using errors = await logEvents(node, { level: "error" });
    await using all = await logEvents(node);
    await erlang('logger:notice("small"), logger:critical("large")');
    expect((await errors.next()).text).toBe("large");
    expect((await all.next()).text).toBe("small");
    for await (const { text } of all) {
      expect(text).toBe("large");
      break;
    }
  });

  it("leaves nothing behind: when it is closed, when its reader is lost, when its process is killed", async () => {
    const before = await filters();
    const stream = await logEvents(node);
    expect(await filters()).toContain("beamctl_log_1");
    await stream.close();
    expect(await filters()).toBe(before);

    const other = await join();
    await logEvents(other);
    expect(await filters()).toContain("beamctl_log_1");
    await other.close();
    await expect.poll(filters).toBe(before);

    const few = await logEvents(node, { limit: 2 });
    await erlang('[logger:error("~p", [N]) || N <- [1, 2, 3, 4]]');
    await expect.poll(filters).toBe(before);
    expect((await few.next()).text).toBe("1");
    expect((await few.next()).text).toBe("2");
    await expect(few.next()).rejects.toMatchObject({ code: "BEAM_LIMIT" });

    await using last = await logEvents(node);
    await erlang(
      "[exit(P, kill) || P <- processes(), {monitored_by, []} =:= process_info(P, monitored_by), {monitors, [{process, M}]} <- [process_info(P, monitors)], is_pid(M), node(M) =/= node(), {current_function, {prim_eval, 'receive', 2}} =:= process_info(P, current_function)]",
    );
    await erlang('logger:error("once more")'); // the filter finds its process gone, and logger takes it away
    await expect.poll(filters).toBe(before);
    void last;
  });

  it("of processes whose group leader is ours comes to the name logger_proxy", async () => {
    const local = await startNode("logged@localhost", { cookie: erl.cookie, listen: false });
    try {
      const link = await local.connect(erl.name, {
        address: { host: "127.0.0.1", port: erl.port },
      });
      await using logged = local.mailbox({ name: "logger_proxy" });
      using leader = link.groupLeader();
      await link.call("erlang", "apply", [atom("logger"), atom("error"), [charlist("to us")]], {
        groupLeader: leader.pid,
      });
      const message = await logged.receive();
      expect(inspect(message)).toContain("to us");
      expect((message as ReturnType<typeof tuple>).items[0] as Term).toBe(atom("log"));
    } finally {
      await local.close();
    }
  });
});
