/** A node of ours as one of the cluster: what real nodes do with its processes, names, links, aliases, servers and functions. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hasFlag } from "../../src/dist/index.ts";
import {
  type BeamNode,
  type LocalNode,
  type Mailbox,
  NoProcessError,
  NoSuchLinkError,
  Raise,
  RemoteError,
  startNode,
} from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import {
  atom,
  binary,
  inspect,
  Pid,
  parse,
  type Term,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

const NAME = "ours@localhost";

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("in a cluster with %s", (set) => {
  let erl: BeamProcess;
  let local: LocalNode;
  let node: BeamNode;
  const open: AsyncDisposable[] = [];
  beforeAll(async () => {
    erl = await startErl({ otp: await provision(set) });
    local = await startNode(NAME, { cookie: erl.cookie, listen: { epmd: false } });
    node = await local.connect(erl.name, { address: { host: "127.0.0.1", port: erl.port } });
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await local?.close();
    await erl?.[Symbol.asyncDispose]();
  });
  const erlang = (text: string, bindings: Record<string, Term> = {}) =>
    evaluate(node, text, { language: "erlang", bindings });
  const box = (name?: string): Mailbox => {
    const made = local.mailbox({ name });
    open.push(made);
    return made;
  };
  /** A process there that waits, and ends with the reason that it is sent. */
  const waiting = async (): Promise<Pid> =>
    (await erlang(
      "spawn(fun() -> process_flag(trap_exit, true), W = fun(F) -> receive {stop, R} -> exit(R); {tell, P} -> receive {'EXIT', _, Why} -> P ! {heard, Why} after 3000 -> P ! silence end, F(F) end end, W(W) end)",
    )) as Pid;
  const show = (term: Term) => inspect(term, { syntax: "erlang" });

  it("a name of ours is sent to, monitored, and free again after its end", async () => {
    const mailbox = box("printer");
    await erlang(`{printer, '${NAME}'} ! {hello, self()}`);
    const [, from] = ((await mailbox.receive()) as Tuple).items as [Term, Pid];
    expect(from).toBeInstanceOf(Pid);
    expect(() => local.mailbox({ name: "printer" })).toThrow("taken");
    expect(() => local.mailbox({ name: "rex" })).toThrow("taken");
    const down = erlang(
      `R = erlang:monitor(process, {printer, '${NAME}'}), receive {'DOWN', R, process, What, Why} -> {What, Why} after 5000 -> late end`,
    );
    await node.ping();
    setTimeout(() => mailbox.close(atom("done")), 100);
    expect(show(await down)).toBe(
      `{{printer,${NAME.replace("@", "@")}},done}`
        .replace(NAME, `'${NAME}'`)
        .replace("'ours@localhost'", "ours@localhost"),
    );
    const gone = await erlang(
      `R = erlang:monitor(process, {printer, '${NAME}'}), receive {'DOWN', R, process, _, Why} -> Why after 5000 -> late end`,
    );
    expect(show(gone)).toBe("noproc");
    box("printer");
  });

  it("links of ours tell of an end over there, once, and not when taken back", async () => {
    const mailbox = box();
    const one = await waiting();
    mailbox.link(one);
    mailbox.link(one);
    mailbox.send(one, tuple(atom("stop"), atom("gone")));
    expect(await mailbox.receive()).toEqual(tuple(atom("EXIT"), one, atom("gone")));
    const other = await waiting();
    mailbox.link(other);
    mailbox.unlink(other);
    mailbox.send(other, tuple(atom("stop"), atom("gone")));
    mailbox.link(one); // it is gone
    expect(await mailbox.receive()).toEqual(tuple(atom("EXIT"), one, atom("noproc")));
    expect(mailbox.size).toBe(0);
  });

  it("links hold whatever was linked and unlinked before, in quick succession", async () => {
    const mailbox = box();
    const linked = await waiting();
    const unlinked = await waiting();
    for (let time = 0; time < 500; time++) {
      for (const pid of [linked, unlinked]) {
        mailbox.link(pid);
        mailbox.unlink(pid);
      }
      if (time % 100 === 0) await node.ping();
    }
    mailbox.link(linked);
    for (const pid of [unlinked, linked]) mailbox.send(pid, tuple(atom("stop"), atom("end")));
    expect(await mailbox.receive()).toEqual(tuple(atom("EXIT"), linked, atom("end")));
    await node.ping();
    expect(mailbox.size).toBe(0);
  });

  it("links from there end with ours, with our reason", async () => {
    const mailbox = local.mailbox();
    const test = erlang(
      "process_flag(trap_exit, true), link(P), unlink(P), link(P), P ! {linked, self()}, receive {'EXIT', P, Why} -> Why after 5000 -> late end",
      { P: mailbox.pid },
    );
    await mailbox.receive();
    mailbox.close(tuple(atom("shutdown"), 7));
    expect(show(await test)).toBe("{shutdown,7}");
    const none =
      "process_flag(trap_exit, true), link(P), receive {'EXIT', P, Why} -> Why after 5000 -> late end";
    expect(show(await erlang(none, { P: mailbox.pid }))).toBe("noproc");
  });

  it("exit signals go both ways", async () => {
    const mailbox = box();
    const there = await waiting();
    mailbox.send(there, tuple(atom("tell"), mailbox.pid));
    mailbox.exit(there, atom("please"));
    expect(await mailbox.receive()).toEqual(tuple(atom("heard"), atom("please")));
    await erlang("exit(P, why)", { P: mailbox.pid });
    expect(((await mailbox.receive()) as Tuple).items[2]).toBe(atom("why"));
  });

  it("an alias is an address until it is taken back, and may have priority", async () => {
    if (!hasFlag(node.flags, "ALIAS")) return;
    const mailbox = box();
    const alias = mailbox.alias();
    await erlang("A ! one", { A: alias });
    expect(await mailbox.receive()).toBe(atom("one"));
    mailbox.unalias(alias);
    await erlang("A ! two", { A: alias });
    expect(mailbox.size).toBe(0);

    // To an alias there.
    const other = (await erlang(
      "S = self(), spawn(fun() -> A = alias(), S ! A, receive X -> P ! {got, X} end end), receive A -> A end",
      { P: mailbox.pid },
    )) as Parameters<Mailbox["send"]>[0];
    mailbox.send(other, 5);
    expect(await mailbox.receive()).toEqual(tuple(atom("got"), 5));

    if (!hasFlag(node.flags, "ALTACT_SIG")) return;
    const urgent = mailbox.alias({ priority: true });
    await erlang("[P ! N || N <- [1, 2, 3]], erlang:send(A, urgent, [priority])", {
      P: mailbox.pid,
      A: urgent,
    });
    const order = [];
    for (let count = 0; count < 4; count++) order.push(await mailbox.receive());
    expect(order).toEqual([atom("urgent"), 1, 2, 3]);
    const first = (await erlang(
      "S = self(), spawn(fun() -> A = alias([priority]), S ! A, receive go -> P ! element(2, process_info(self(), messages)) end end), receive A -> A end",
      { P: mailbox.pid },
    )) as Parameters<Mailbox["send"]>[0];
    mailbox.send(first, atom("late"), { priority: true });
    mailbox.send(first, atom("go"));
    expect(show(await mailbox.receive())).toBe("[late]");
  });

  it("priority where there is none is refused before anything is written", async () => {
    const mailbox = box();
    const there = await waiting();
    expect(() => mailbox.send(there, 1, { priority: true })).toThrow("priority");
    expect(await node.ping()).toBeGreaterThan(0);
  });

  it("servers there are called, whatever their behaviour, and a late answer reaches nobody", async () => {
    expect(await node.genCall("kernel_sup", atom("count_children"))).toHaveLength(4);
    const events = (await erlang("{ok, P} = gen_event:start(), P")) as Pid;
    expect(await node.genCall(events, atom("which_handlers"), { behaviour: "gen_event" })).toEqual(
      [],
    );
    const sync = tuple(atom("sync_notify"), 1);
    expect(await node.genCall(events, sync, { behaviour: "gen_event" })).toBe(atom("ok"));
    await expect(node.genCall("nobody_there", 1)).rejects.toThrow(NoProcessError);
    const dying = (await erlang("spawn(fun() -> receive _ -> exit(broken) end end)")) as Pid;
    const ended = node.genCall(dying, 1);
    await expect(ended).rejects.toThrow(RemoteError);
    await expect(ended).rejects.toMatchObject({ kind: "exit", reason: atom("broken") });
    const slow = (await erlang(
      "spawn(fun() -> receive {'$gen_call', F, 1} -> timer:sleep(60), gen_server:reply(F, late) end, receive {'$gen_call', G, 2} -> gen_server:reply(G, in_time) end end)",
    )) as Pid;
    await expect(node.genCall(slow, 1, { timeout: 20 })).rejects.toMatchObject({
      code: "BEAM_TIMEOUT",
    });
    expect(await node.genCall(slow, 2)).toBe(atom("in_time"));
    const casted = box();
    const taker = (await erlang("spawn(fun() -> receive M -> P ! M end end)", {
      P: casted.pid,
    })) as Pid;
    node.genCast(taker, 5);
    expect(await casted.receive()).toEqual(tuple(atom("$gen_cast"), 5));
  });

  it("a server of ours answers calls, in order, and fails one without ending", async () => {
    const seen: Term[] = [];
    const failures: unknown[] = [];
    const server = local.serve("shop", {
      call: async (request) => {
        if (request === atom("slow")) await new Promise((resolve) => setTimeout(resolve, 50));
        if (request === atom("raise")) throw new Raise("exit", atom("sold_out"));
        if (request === atom("bug")) throw new TypeError("a bug of ours");
        if (request === atom("odd")) return (() => {}) as unknown as Term;
        seen.push(request);
        return tuple(atom("price"), request);
      },
      cast: (message) => void seen.push(message),
      info: (message) => void seen.push(message),
      failed: (error) => failures.push(error),
    });
    open.push(server);
    const at = `{shop, '${NAME}'}`;
    expect(show(await erlang(`gen_server:call(${at}, 5)`))).toBe("{price,5}");
    expect(show(await erlang(`gen_statem:call(${at}, 6)`))).toBe("{price,6}");
    expect(show(await erlang("gen_server:call(P, 7)", { P: server.pid }))).toBe("{price,7}");
    await erlang(`gen_server:cast(${at}, c), ${at} ! i, ok`);
    await expect.poll(() => seen.length).toBe(5);
    expect(seen.slice(3)).toEqual([atom("c"), atom("i")]);
    const attempt = (request: string) =>
      erlang(`try gen_server:call(${at}, ${request}) catch exit:{R, _} -> {failed, R} end`);
    expect(show(await attempt("raise"))).toBe("{failed,sold_out}");
    expect(show(await attempt("bug"))).toContain("a bug of ours");
    expect(show(await attempt("odd"))).toBe("{failed,badarg}");
    expect(show(await attempt("8"))).toBe("{price,8}");
    await expect.poll(() => failures.length).toBe(2);
    const both = erlang(
      `S = self(), [spawn(fun() -> S ! gen_server:call(${at}, R) end) || R <- [slow, 9]], [receive X -> X end || _ <- [1, 2]]`,
    );
    expect(show(await both)).toBe("[{price,slow},{price,9}]");
    const late = erlang(
      `try gen_server:call(${at}, slow, 5000) catch exit:{R, _} -> {failed, R} end`,
    );
    await node.ping();
    setTimeout(() => server.close(atom("closing")), 10);
    expect(show(await late)).toBe("{failed,closing}");
  });

  it("functions that are allowed are called in every way, and others in none", async () => {
    using allowed = local.allow("shop", "sum", 2, async ([a, b]) => (a as number) + (b as number));
    using fails = local.allow("shop", "fail", 1, ([kind]) => {
      throw new Raise((kind as { name: "exit" }).name, tuple(atom("because"), 1));
    });
    using told = local.allow("shop", "tell", 1, ([pid]) => {
      local.send(pid as Pid, atom("told"));
      return atom("ok");
    });
    void [allowed, fails, told];
    const at = `'${NAME}'`;
    expect(await erlang(`rpc:call(${at}, shop, sum, [1, 2])`)).toBe(3);
    expect(await erlang(`rpc:call(${at}, shop, sum, [1, 2], 2000)`)).toBe(3);
    expect(
      await erlang(`gen_server:call({rex, ${at}}, {call, shop, sum, [3, 4], group_leader()})`),
    ).toBe(7);
    expect(
      await erlang(
        `{rex, ${at}} ! {self(), {call, shop, sum, [5, 4], user}}, receive {rex, R} -> R after 3000 -> late end`,
      ),
    ).toBe(9);
    const raised = (how: string) =>
      erlang(`try ${how} of V -> {returned, V} catch K:R -> {K, R} end`);
    expect(show(await raised(`rpc:call(${at}, shop, fail, [throw])`))).toBe(
      "{returned,{because,1}}",
    );
    expect(show(await raised(`rpc:call(${at}, shop, fail, [exit])`))).toBe(
      "{returned,{badrpc,{'EXIT',{because,1}}}}",
    );
    for (const call of ["halt, []", "sum, [1]"]) {
      const refused = show(await raised(`rpc:call(${at}, shop, ${call}, 2000)`));
      expect(refused).toMatch(/badrpc|notsup/);
    }
    const heard = `receive M -> M after 3000 -> late end`;
    expect(show(await erlang(`rpc:cast(${at}, shop, tell, [self()]), ${heard}`))).toBe("told");
    expect(show(await erlang(`spawn(${at}, shop, tell, [self()]), ${heard}`))).toBe("told");
    const monitored = await erlang(
      `{_, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> ok end, P = spawn_link(${at}, shop, tell, [self()]), ${heard}, {is_pid(P), node(P)}`,
    );
    expect(show(monitored)).toBe(`{true,${show(atom(NAME))}}`);
    if (set === "otp23") return;
    expect(await erlang(`erpc:call(${at}, shop, sum, [1, 2])`)).toBe(3);
    expect(show(await raised(`erpc:call(${at}, shop, fail, [throw])`))).toBe("{throw,{because,1}}");
    expect(show(await raised(`erpc:call(${at}, shop, fail, [exit])`))).toBe(
      "{exit,{exception,{because,1}}}",
    );
    expect(show(await raised(`erpc:call(${at}, shop, fail, [error])`))).toMatch(
      /^{error,{exception,{because,1},\[/,
    );
    expect(await erlang(`erpc:receive_response(erpc:send_request(${at}, shop, sum, [8, 2]))`)).toBe(
      10,
    );
  });

  it("a call that its caller gives up is aborted here", async () => {
    const aborted = new Promise<string>((resolve) => {
      const allowed = local.allow("shop", "hang", 0, (_args, { signal }) => {
        signal.addEventListener("abort", () => {
          allowed[Symbol.dispose]();
          resolve("aborted");
        });
        return new Promise<Term>(() => {});
      });
    });
    const down = erlang(
      `P = spawn(${`'${NAME}'`}, shop, hang, []), R = erlang:monitor(process, P), exit(P, kill), receive {'DOWN', R, _, _, Why} -> Why after 5000 -> late end`,
    );
    expect(await aborted).toBe("aborted");
    expect(show(await down)).toBe("killed");
  });

  it("a trace token comes back with the answer, as from a server there", async () => {
    const server = local.serve("traced", { call: (request) => request });
    open.push(server);
    const text =
      "seq_trace:set_token(label, 17), 1 = gen_server:call(P, 1), S = seq_trace:get_token(serial), seq_trace:set_token([]), S";
    const there = (await erlang(
      "spawn(fun() -> receive {'$gen_call', F, R} -> gen_server:reply(F, R) end end)",
    )) as Pid;
    const expected = await erlang(text, { P: there });
    expect(show(await erlang(text, { P: server.pid }))).toBe(show(expected));
  });

  it("another group leader can be given to a process there, and its output comes here", async () => {
    const printing = (await erlang(
      'spawn(fun() -> receive go -> io:format("~p~n", [done]) end end)',
    )) as Pid;
    using output = node.groupLeader();
    node.setGroupLeader(printing, output.pid);
    node.send(printing, atom("go"));
    await expect.poll(() => output.output()).toBe("done\n");
  });

  it("in pass-through mode it says and hears the same", async () => {
    const other = await startNode("old@localhost", { cookie: erl.cookie, listen: false });
    open.push(other);
    const link = await other.connect(erl.name, {
      address: { host: "127.0.0.1", port: erl.port },
      passThrough: true,
    });
    expect(hasFlag(link.flags, "FRAGMENTS")).toBe(false);
    expect(await link.ping()).toBeGreaterThan(0);
    const large = await link.call("binary", "copy", [binary("x"), 500_000]);
    expect((large as Uint8Array).length).toBe(500_000);
    expect(await link.call("erlang", "byte_size", [large])).toBe(500_000);
    expect(show(await link.call("lists", "seq", [1, 3]))).toBe("[1,2,3]");
    const echo = parse("{a, [1, 2.0 | b], #{x => <<1:3>>}}", { syntax: "erlang" });
    expect(await link.call("erlang", "hd", [[echo]])).toEqual(echo);
  });

  it("links end with the connection, as between nodes; the mailbox goes on", async () => {
    const mailbox = box();
    const there = await waiting();
    mailbox.link(there);
    const monitor = node.monitor(there);
    await node.ping();
    await erlang(`spawn(fun() -> erlang:disconnect_node('${NAME}') end)`).catch(() => {});
    await node.closed;
    expect(await mailbox.receive()).toEqual(tuple(atom("EXIT"), there, atom("noconnection")));
    await expect(monitor.down).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
    expect(() => mailbox.send(there, 1)).toThrow(NoSuchLinkError);
    node = await local.connect(erl.name, { address: { host: "127.0.0.1", port: erl.port } });
    mailbox.link(there);
    mailbox.send(there, tuple(atom("stop"), atom("later")));
    expect(await mailbox.receive()).toEqual(tuple(atom("EXIT"), there, atom("later")));
  });
});
