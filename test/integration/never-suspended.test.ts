/** What the guardian refuses to suspend on a live release, and why. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import WebSocket from "ws";
import { Guardian } from "../../src/guard/index.ts";
import { connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../src/otp/index.ts";
import { atom, type Pid } from "../../src/term/index.ts";
import { connections, listeners } from "../../src/topology/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
const SETS = ["otp25", "otp27", "otp29"] as const;

it.runIf(HAVE).each(SETS)("on %s each process that must run is refused", async (set) => {
  await using shop = await startShop({ otp: await provision(set), acceptors: 3 });
  const address = { host: "127.0.0.1", port: shop.distPort };
  await using node = await connect(shop.name, { cookie: shop.cookie, address });
  const socket = new WebSocket(`ws://127.0.0.1:${shop.httpPort}/socket/websocket`);
  await once(socket, "open");
  const reply = once(socket, "message");
  socket.send(JSON.stringify(["1", "1", "room:a", "phx_join", {}]));
  await reply;

  const erlang = async (source: string) =>
    (await evaluate(node, source, { language: "erlang" })) as Pid;
  const named = (name: string) => erlang(`whereis('${name}')`);
  const [listener] = await listeners(node);
  const [connection] = (await connections(node)).connections;
  const channel = connection?.channels[0];
  const child = (spec: string) =>
    erlang(
      `{ok, P} = supervisor:start_child('Elixir.Shop.Supervisor', #{restart => temporary, ${spec}}), P`,
    );

  const fit = [channel?.pid, connection?.pid, await named("Elixir.Shop.Counter")] as Pid[];
  const refused: [Pid, string][] = [
    [listener?.pid as Pid, "denied"],
    [listener?.supervisors.connections[0] as Pid, "denied"],
    [listener?.supervisors.acceptors as Pid, "denied"],
    [await named("Elixir.Shop.Endpoint.Shop.UserSocket"), "denied"],
    [
      await child(
        "id => pool, start => {'Elixir.DynamicSupervisor', start_link, [[{strategy, one_for_one}]]}",
      ),
      "denied",
    ],
    // No supervisor of any known make, but declared as one.
    [
      await child(
        "id => own, type => supervisor, start => {'Elixir.Agent', start_link, [erlang, now, []]}",
      ),
      "denied",
    ],
    [
      await child("id => events, start => {gen_event, start_link, []}, modules => dynamic"),
      "denied",
    ],
    // The release handler asks such a child for its modules, so it has to be able to answer.
    [
      await child(
        "id => any, start => {'Elixir.Agent', start_link, [erlang, now, []]}, modules => dynamic",
      ),
      "dynamic",
    ],
    [await named("logger"), "denied"],
    [await named("rex"), "denied"],
    [await named("init"), "denied"],
    [await named("release_handler"), "denied"],
    [await named("application_controller"), "denied"],
    [listener?.acceptors[0]?.pid as Pid, "not_otp"],
    [await erlang("spawn(erlang, now, [])"), "noproc"],
  ];

  const state = await mkdtemp(join(tmpdir(), "beamctl-never-"));
  try {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const asked = [...refused.map(([pid]) => pid), ...fit];
    const { suspended, failed } = await guardian.suspend(asked, { timeout: 2000 });
    const reasons = new Map(failed.map(({ pid, reason }) => [String(pid), reason]));
    expect(refused.map(([pid]) => reasons.get(String(pid)))).toEqual(refused.map(([, why]) => why));
    expect(suspended.map(String).sort()).toEqual(fit.map(String).sort());
    expect((await leftSuspended(node)).map(String).sort()).toEqual(fit.map(String).sort());
  } finally {
    socket.terminate();
    await rm(state, { recursive: true, force: true });
  }
  expect(await leftSuspended(node)).toEqual([]);
  expect(await node.call("erlang", "is_process_alive", [fit[2] as Pid])).toBe(atom("true"));
});
