/** Changes that revert themselves, on nodes of several releases: nested, out of order, of several links, refused, and when the link is gone. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate as erlang, ScriptError } from "../../src/otp/index.ts";
import { atom, inspect, type Pid, tuple } from "../../src/term/index.ts";
import {
  type Kept,
  openFixture,
  withAppEnv,
  withLogLevel,
  withProcessFlag,
  withSystemFlag,
} from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("changes on %s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  let release: number;
  const given = () => ({
    node: erl.name,
    cookie: erl.cookie,
    address: { host: "127.0.0.1", port: erl.port },
  });
  const open = () => connect(erl.name, given());
  const on = async (source: string) =>
    inspect(await erlang(node, source, { language: "erlang" }), { syntax: "erlang" });
  const env = (key: string) => on(`application:get_env(kernel, ${key})`);

  beforeAll(async () => {
    const otp = await provision(set);
    release = otp.release;
    erl = await startErl({ otp });
    node = await open();
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("puts back an application's environment", async () => {
    await on("application:set_env(kernel, shop, before)");
    const kept = await withAppEnv(node, "kernel", { shop: { a: 1 }, fresh: "new" });
    expect(await env("shop")).toBe('{ok,#{<<"a">> => 1}}');
    expect(await env("fresh")).toBe('{ok,<<"new">>}');
    await kept.release();
    expect(await env("shop")).toBe("{ok,before}");
    expect(await env("fresh")).toBe("undefined");
    const keys = { keys: "atoms" } as const;
    expect(await withAppEnv(node, "kernel", { shop: { a: 1 } }, keys, () => env("shop"))).toBe(
      "{ok,#{a => 1}}",
    );
    expect(await withAppEnv(node, "kernel", { shop: undefined }, () => env("shop"))).toBe(
      "undefined",
    );
    expect(await env("shop")).toBe("{ok,before}");
  });

  it("puts back what was before the first, in whichever order they end", async () => {
    await on("application:set_env(kernel, nested, 0)");
    const first = await withAppEnv(node, "kernel", { nested: 1 });
    const second = await withAppEnv(node, "kernel", { nested: 2 });
    await first.release();
    expect(await env("nested")).toBe("{ok,2}");
    const third = await withAppEnv(node, "kernel", { nested: 3 });
    const fourth = await withAppEnv(node, "kernel", { nested: 4 });
    await third.release();
    expect(await env("nested")).toBe("{ok,4}");
    await fourth.release();
    expect(await env("nested")).toBe("{ok,2}");
    await second.release();
    expect(await env("nested")).toBe("{ok,0}");
    expect(await on("whereis(beamctl_changes)")).toBe("undefined");
  });

  it("gives back when a function throws, and tells its error", async () => {
    await on("application:set_env(kernel, thrown, 0)");
    const failed = withAppEnv(node, "kernel", { thrown: 1 }, () => {
      throw new Error("the test failed");
    });
    await expect(failed).rejects.toThrow("the test failed");
    expect(await env("thrown")).toBe("{ok,0}");
  });

  it("puts back with the links that are lost, of several at the same time", async () => {
    await on("application:set_env(kernel, lost, 0)");
    const links = [await open(), await open()] as const;
    for (let value = 1; value <= 10; value++) {
      await withAppEnv(links[value % 2] as BeamNode, "kernel", { lost: value });
    }
    expect(await env("lost")).toBe("{ok,10}");
    await links[0].close();
    await expect.poll(() => env("lost")).toBe("{ok,9}");
    await links[1].close();
    await expect.poll(() => env("lost")).toBe("{ok,0}");
    await expect.poll(() => on("whereis(beamctl_changes)")).toBe("undefined");
  });

  it("starts one holder for changes that begin at the same time", async () => {
    const keys = Array.from({ length: 12 }, (_, at) => `key${at}`);
    const kept = await Promise.all(keys.map((key) => withAppEnv(node, "kernel", { [key]: 1 })));
    for (const key of keys) expect(await env(key)).toBe("{ok,1}");
    await Promise.all(kept.map((one) => one.release()));
    for (const key of keys) expect(await env(key)).toBe("undefined");
    expect(await on("whereis(beamctl_changes)")).toBe("undefined");
  });

  it("belongs to a fixture's test", async () => {
    await on("application:set_env(kernel, greeting, before)");
    {
      await using fixture = await openFixture(given());
      await withAppEnv(fixture, "kernel", { greeting: "hello" }); // taken back at the end of the scope
      expect(await env("greeting")).toBe('{ok,<<"hello">>}');
    }
    expect(await env("greeting")).toBe("{ok,before}");
  });

  it("changes log levels, of the node and of a module", async () => {
    const level = "maps:get(level, logger:get_primary_config())";
    const before = await on(level);
    expect(await withLogLevel(node, "emergency", () => on(level))).toBe("emergency");
    expect(await withLogLevel(node, "none", () => on(level))).toBe("none");
    expect(await on(level)).toBe(before);
    const ofModule = "logger:get_module_level(shop_cart)";
    const outer = await withLogLevel(node, "error", { module: "shop_cart" });
    expect(await withLogLevel(node, "debug", { module: "shop_cart" }, () => on(ofModule))).toBe(
      "[{shop_cart,debug}]",
    );
    expect(await on(ofModule)).toBe("[{shop_cart,error}]");
    expect(await withLogLevel(node, "none", { module: "shop_cart" }, () => on(ofModule))).toBe(
      "[{shop_cart,none}]",
    );
    expect(await on(ofModule)).toBe("[{shop_cart,error}]");
    await outer.release();
    expect(await on(ofModule)).toBe("[]");
  });

  it("changes flags of the runtime", async () => {
    const depth = "element(2, {ok, erlang:system_info(schedulers_online)})";
    const before = await on(depth);
    expect(await withSystemFlag(node, "schedulers_online", 1, () => on(depth))).toBe("1");
    expect(await on(depth)).toBe(before);
    const sweep = "erlang:system_info(fullsweep_after)";
    const usual = await on(sweep);
    expect(await withSystemFlag(node, "fullsweep_after", 7, () => on(sweep))).toBe(
      "{fullsweep_after,7}",
    );
    expect(await on(sweep)).toBe(usual);
    for (const flag of ["backtrace_depth", "max_heap_size", "min_heap_size"] as const) {
      await withSystemFlag(node, flag, 1000, () => {});
    }
    await withSystemFlag(node, "min_bin_vheap_size", 1000, () => {});
    await withSystemFlag(node, "dirty_cpu_schedulers_online", 1, () => {});
    await withSystemFlag(node, "scheduler_wall_time", true, async () => {
      expect(await on("is_list(erlang:statistics(scheduler_wall_time))")).toBe("true");
    });
    const refused = withSystemFlag(node, "schedulers_online", 0);
    await expect(refused).rejects.toThrow(ScriptError);
    await expect(refused).rejects.toThrow("badarg");
    expect(await on("whereis(beamctl_changes)")).toBe("undefined");
  });

  it("changes flags of a process, by the process", async () => {
    const started = await erlang(node, "{ok, Pid} = pg:start(shop_events), Pid", {
      language: "erlang",
    });
    const of = (flag: string) => on(`process_info(whereis(shop_events), ${flag})`);
    expect(
      await withProcessFlag(node, "shop_events", "priority", "low", () => of("priority")),
    ).toBe("{priority,low}");
    expect(await of("priority")).toBe("{priority,normal}");
    await withProcessFlag(node, started as Pid, "message_queue_data", "off_heap", async () => {
      expect(await of("message_queue_data")).toBe("{message_queue_data,off_heap}");
    });
    expect(await of("message_queue_data")).toBe("{message_queue_data,on_heap}");
    const heap = await of("max_heap_size");
    await withProcessFlag(node, "shop_events", "max_heap_size", 100_000, async () => {
      expect(await of("max_heap_size")).toContain("size => 100000");
    });
    expect(await of("max_heap_size")).toBe(heap);
    for (const flag of ["min_heap_size", "min_bin_vheap_size"] as const) {
      await withProcessFlag(node, "shop_events", flag, 1000, () => {});
    }
    const sweep = withProcessFlag(node, "shop_events", "fullsweep_after", 1000, () => "changed");
    if (release < 24) await expect(sweep).rejects.toThrow("badarg");
    else expect(await sweep).toBe("changed");
    await withProcessFlag(node, "shop_events", "save_calls", 10, () => {});
    await withProcessFlag(node, "shop_events", "trap_exit", true, async () => {
      expect(await of("trap_exit")).toBe("{trap_exit,true}");
    });
    expect(await of("trap_exit")).toBe("{trap_exit,false}");
    const kept = await withProcessFlag(node, "shop_events", "priority", "high");
    await on("gen_server:stop(shop_events)");
    await kept.release();
  });

  it("refuses what it cannot change, and changes nothing then", async () => {
    await expect(withProcessFlag(node, "nobody", "priority", "low")).rejects.toThrow(
      "the process nobody of",
    );
    const plain = (await erlang(node, "spawn(fun() -> receive stop -> ok end end)", {
      language: "erlang",
    })) as Pid;
    await expect(withProcessFlag(node, plain, "priority", "low")).rejects.toThrow("not_otp");
    expect(
      inspect(await node.call("erlang", "process_info", [plain, atom("message_queue_len")])),
    ).toBe("{:message_queue_len, 0}");
    node.send(plain, atom("stop"));
    const server = (await erlang(node, "{ok, Pid} = pg:start(shop_groups), Pid", {
      language: "erlang",
    })) as Pid;
    await node.systemMessage(server, atom("suspend"));
    await withProcessFlag(node, server, "priority", "low", () => {}); // sys works on a suspended one
    await node.call("erlang", "exit", [server, atom("kill")]);
    await expect(withProcessFlag(node, server, "priority", "low")).rejects.toThrow("is gone");
    await on("{ok, _} = gen_event:start({local, shop_events})");
    // Of an event manager the handlers are asked, and this one has none.
    const empty = withProcessFlag(node, "shop_events", "priority", "low");
    await expect(empty).rejects.toThrow("unreachable");
    await on("gen_event:stop(shop_events)");
    expect(await on("whereis(beamctl_changes)")).toBe("undefined");
  });

  it("takes terms as they are", async () => {
    const value = { shop: tuple(atom("a"), 1) };
    expect(await withAppEnv(node, "kernel", value, () => env("shop"))).toBe("{ok,{a,1}}");
  });
});

it("has types", () => {
  const node = {} as BeamNode;
  expectTypeOf<ReturnType<typeof held>>().toEqualTypeOf<Promise<Kept>>();
  function held() {
    return withAppEnv(node, "shop", { key: [1, "a", { b: null }] });
  }
  function counted() {
    return withAppEnv(node, "shop", {}, async () => 7);
  }
  expectTypeOf<ReturnType<typeof counted>>().toEqualTypeOf<Promise<number>>();
  function level() {
    return withLogLevel(node, "debug", { module: "shop" }, () => "text");
  }
  expectTypeOf<ReturnType<typeof level>>().toEqualTypeOf<Promise<string>>();
  // @ts-expect-error a flag of this name is not changed
  const unknown = () => withSystemFlag(node, "trace_control_word", 1);
  // @ts-expect-error its value is a number
  const wrong = () => withSystemFlag(node, "schedulers_online", true);
  // @ts-expect-error a function has no term
  const fun = () => withAppEnv(node, "shop", { key: () => 1 });
  // @ts-expect-error a priority of this name is not given away
  const max = () => withProcessFlag(node, "shop", "priority", "max");
  expect([unknown, wrong, fun, max]).toHaveLength(4);
});
