/** RabbitMQ, a node that nobody wrote for us, in the versions of its last five years: called, listened to, and calling us. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type BeamNode,
  connect,
  type LocalNode,
  NoProcessError,
  startNode,
} from "../../src/node/index.ts";
import { evaluate, logEvents } from "../../src/otp/index.ts";
import {
  atom,
  binary,
  inspect,
  type Pid,
  type Tuple,
  textOf,
  tuple,
} from "../../src/term/index.ts";
import { hasRabbit, provision, type RabbitProcess, startRabbit } from "../support/index.ts";

describe.runIf(await hasRabbit()).each([
  ["rabbitmq310", "otp25"],
  ["rabbitmq43", "otp29"],
] as const)("%s on %s", (set, otp) => {
  let rabbit: RabbitProcess;
  let node: BeamNode;
  let local: LocalNode;
  beforeAll(async () => {
    rabbit = await startRabbit({ otp: await provision(otp), set });
    const address = { host: "127.0.0.1", port: rabbit.port };
    node = await connect(rabbit.name, { cookie: rabbit.cookie, address });
    const epmd = { host: "127.0.0.1", port: rabbit.epmd.port };
    local = await startNode("visitor@localhost", { cookie: rabbit.cookie, listen: { epmd } });
  });
  afterAll(async () => {
    await local?.close();
    await node?.close();
    await rabbit?.[Symbol.asyncDispose]();
  });
  const erlang = (text: string) => evaluate(node, text, { language: "erlang" });

  it("answers calls, and hidden links are none of its cluster's business", async () => {
    const version = await node.call("rabbit_misc", "version", []);
    expect(textOf(version)).toMatch(set === "rabbitmq310" ? /^3\.10/ : /^4\./);
    expect(await node.ping()).toBeGreaterThan(0);
    expect(inspect(await erlang("nodes()"))).toBe("[]");
    const list = set === "rabbitmq310" ? "all_running" : "list_running";
    const running = await node.call("rabbit_nodes", list, []);
    expect(inspect(running)).toBe(`[${inspect(atom(rabbit.name))}]`);
  });

  it("its servers are called, and its processes watched and linked", async () => {
    const children = (await node.genCall("rabbit_sup", atom("which_children"))) as Tuple[];
    expect(children.length).toBeGreaterThan(10);
    await expect(node.genCall("rabbit_nobody", 1)).rejects.toThrow(NoProcessError);
    await local.connect(rabbit.name, { address: { host: "127.0.0.1", port: rabbit.port } });
    await using box = local.mailbox();
    const worker = (await erlang("spawn(fun() -> receive stop -> exit(stopped) end end)")) as Pid;
    box.link(worker);
    box.send(worker, atom("stop"));
    expect(await box.receive()).toEqual(tuple(atom("EXIT"), worker, atom("stopped")));
  });

  it("sends to processes of ours, and names its queues as its own tools do", async () => {
    await using box = local.mailbox();
    const term = tuple(atom("order"), 7, binary("tea"));
    await node.call("erlang", "send", [box.pid, term]);
    expect(await box.receive()).toEqual(term);
    const queue = await node.call("rabbit_misc", "r", [binary("/"), atom("queue"), binary("tea")]);
    expect(textOf(await node.call("rabbit_misc", "rs", [queue]))).toBe("queue 'tea' in vhost '/'");
  });

  it("finds us by EPMD, and calls what is allowed", async () => {
    using allowed = local.allow("visitor", "twice", 1, ([value]) => (value as number) * 2);
    void allowed;
    const answer = await erlang("rpc:call('visitor@localhost', visitor, twice, [21])");
    expect(answer).toBe(42);
    expect(inspect(await erlang("net_adm:ping('visitor@localhost')"))).toBe(":pong");
  });

  it("logs to us as well", async () => {
    await using stream = await logEvents(node, { level: "error" });
    await erlang('logger:error("from ~ts", [<<"rabbit">>])');
    expect((await stream.next()).text).toBe("from rabbit");
  });
});
