/** The checks of the running system: each finding is provoked on a real node, and absent where all is well. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import type { Finding } from "../../src/upgrade/index.ts";
import type { Check } from "../../src/upgrade/preflight/given.ts";
import { oldCode } from "../../src/upgrade/preflight/old-code.ts";
import { restarts } from "../../src/upgrade/preflight/restarts.ts";
import { supervisors } from "../../src/upgrade/preflight/supervisors.ts";
import { suspended } from "../../src/upgrade/preflight/suspended.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";
import { compileOn, server, supervisorOf } from "../upgrade/compile.ts";
import { givenBy } from "../upgrade/given.ts";

const UPDATES = [
  '{load_object_code, {shop, "0.2.0", [shop_server]}}',
  "point_of_no_return",
  "{suspend, [shop_server]}",
  "{load, {shop_server, brutal_purge, brutal_purge}}",
  "{code_change, [{shop_server, []}]}",
  "{resume, [shop_server]}",
];

const START = `
ok = application:load({application, shop, [{vsn, "0.1.0"}, {modules, [shop_server, shop_sup]}, {mod, {shop_sup, []}}, {applications, []}]}),
ok = application:start(shop)`;

const erlang = (node: BeamNode, text: string) => evaluate(node, text, { language: "erlang" });

describe.each(["otp25", "otp27", "otp29"] as const)(
  "the checks of the running system on %s",
  (set) => {
    let beam: BeamProcess;
    let node: BeamNode;

    beforeAll(async () => {
      beam = await startErl({ otp: await provision(set) });
      node = await connect(beam.name, {
        cookie: beam.cookie,
        address: { host: "127.0.0.1", port: beam.port },
      });
      await compileOn(node, beam.home, server("shop_server"));
      await compileOn(
        node,
        beam.home,
        supervisorOf("shop_sup", "shop_server", ["one", "two", "three"]),
      );
      await erlang(node, START);
    });
    afterAll(async () => {
      await node?.close();
      await beam?.[Symbol.asyncDispose]();
    });

    const find = (
      check: Check,
      instructions: readonly string[] = UPDATES,
    ): Promise<readonly Finding[]> => check.find(givenBy(node, instructions));
    const brief = (found: readonly Finding[]) =>
      found.map(
        ({ severity, code, what }) => `${severity} ${code}: ${what.replaceAll(/<[\d.]+>/g, "PID")}`,
      );

    it("find nothing where all is well", async () => {
      for (const check of [supervisors, suspended, oldCode, restarts])
        expect(brief(await find(check))).toEqual([]);
    });

    it("refuse for a suspended supervisor, and name it; without a walk it is a warning", async () => {
      await erlang(node, "sys:suspend(shop_sup)");
      try {
        expect(brief(await find(supervisors))).toEqual([
          "refusal supervisor-silent: 1 supervisor does not answer: shop_sup (PID)",
        ]);
        expect(brief(await find(suspended))).toEqual([
          "refusal supervisor-suspended: 1 supervisor is suspended: shop_sup of shop (PID)",
        ]);
        const nobody = UPDATES.filter((one) => !/suspend|code_change/.test(one));
        expect(brief(await find(supervisors, nobody))).toEqual([]);
        expect(brief(await find(suspended, nobody))).toEqual([
          "warning process-suspended: 1 process is suspended: shop_sup of shop (PID)",
        ]);
      } finally {
        await erlang(node, "sys:resume(shop_sup)");
      }
    });

    it("count suspended processes, of sys and frozen ones, also one that hibernates", async () => {
      await erlang(
        node,
        `
Self = spawn(fun() -> register(freezer, self()), erlang:suspend_process(whereis(one)), receive stop -> ok end end),
sys:suspend(two),
gen_server:cast(three, {state, three}), sys:get_state(three),
{ok, Asleep} = proc_lib:start(erlang, apply, [fun() -> register(asleep, self()), proc_lib:init_ack({ok, self()}),
    gen_server:enter_loop(shop_server, [], {state, asleep}, hibernate) end, []]),
timer:sleep(20), sys:suspend(Asleep), Self`,
      );
      try {
        const [found, ...rest] = await find(suspended);
        expect(rest).toEqual([]);
        expect(found).toMatchObject({ severity: "warning", code: "process-suspended" });
        expect(found?.what).toMatch(/^3 processes are suspended: /);
        for (const who of ["two of shop (", "asleep (", "one of shop ("])
          expect(found?.what).toContain(who);
        expect(found?.what).toMatch(/one of shop \(<[\d.]+>, frozen by <[\d.]+>\)/);
      } finally {
        await erlang(
          node,
          "sys:resume(two), sys:resume(asleep), freezer ! stop, exit(whereis(asleep), kill)",
        );
      }
    });

    it("refuse for a child with dynamic modules that is no event manager", async () => {
      const add = (id: string, start: string) =>
        erlang(
          node,
          `{ok, _} = supervisor:start_child(shop_sup, {${id}, ${start}, temporary, 1000, worker, dynamic})`,
        );
      await add("events", "{gen_event, start_link, [{local, events}]}");
      expect(brief(await find(supervisors))).toEqual([]);
      await add("odd", "{shop_server, start_link, [odd]}");
      try {
        expect(brief(await find(supervisors))).toEqual([
          "refusal dynamic-child-silent: 1 child with `dynamic` modules in the child spec would not tell them: odd (PID)",
        ]);
        expect(await erlang(node, "process_info(whereis(odd), message_queue_len)")).toBeDefined();
      } finally {
        await erlang(node, "[supervisor:terminate_child(shop_sup, Id) || Id <- [odd, events]]");
      }
    });

    it("tell who stands in code that is replaced, and whom a purge would kill", async () => {
      await erlang(node, "register(loops, spawn(shop_server, loop, []))");
      expect(brief(await find(oldCode))).toEqual([
        "notice will-run-old-code: 1 process stands in code that is replaced: shop_server (PID)",
      ]);
      await compileOn(node, beam.home, server("shop_server", 2));
      const brutal = await find(oldCode);
      expect(brief(brutal)).toContain(
        "danger old-code-killed: 1 process runs old code of shop_server: PID",
      );
      const soft = UPDATES.map((one) => one.replace("brutal_purge, brutal", "soft_purge, brutal"));
      expect(brief(await find(oldCode, soft))).toContain(
        "refusal old-code-runs: 1 process runs old code of shop_server: PID",
      );
      const byCall = [...UPDATES.slice(0, 2), "{apply, {code, load_file, [shop_server]}}"];
      expect(brief(await find(oldCode, byCall))).toContain(
        "danger old-code-not-purged: the relup loads shop_server by a call of `code`, and old code of it is there",
      );
      await erlang(node, "loops ! stop, timer:sleep(20), code:soft_purge(shop_server)");
      expect(brief(await find(oldCode))).toEqual([]);
    });

    it("tell what is stopped, and what is removed under running processes", async () => {
      const stop = ["point_of_no_return", "{stop, [shop_server]}", "{start, [shop_server]}"];
      expect(brief(await find(restarts, stop))).toEqual([
        "warning processes-stopped: the relup stops 3 processes of shop_server: PID, PID, PID",
      ]);
      const restart = [
        "point_of_no_return",
        "{apply, {application, stop, [shop]}}",
        "{apply, {application, start, [shop, permanent]}}",
      ];
      expect(brief(await find(restarts, restart))).toEqual([
        "warning processes-stopped: the relup restarts the application shop with 6 processes",
      ]);
      const remove = ["point_of_no_return", "{remove, {shop_server, brutal_purge, brutal_purge}}"];
      expect(brief(await find(restarts, remove))).toEqual([
        "danger code-removed: the relup removes shop_server, of which 3 processes run on",
      ]);
    });
  },
);
