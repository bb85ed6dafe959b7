/** A visible node of ours in a cluster of real ones: it is in `nodes()`, and nothing that the cluster does waits for it in vain. */

import { afterEach, describe, expect, it } from "vitest";
import { connect, type LocalNode, startNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, inspect, type Term } from "../../src/term/index.ts";
import { type BeamProcess, provision, startEpmd, startErl, uniqueName } from "../support/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};
const show = (term: Term) => inspect(term, { syntax: "erlang" });

/** Evaluates on the node, by way of a hidden link that takes no part in anything. */
async function observe(erl: BeamProcess) {
  const address = { host: "127.0.0.1", port: erl.port };
  const link = keep(await connect(erl.name, { cookie: erl.cookie, address }));
  return async (text: string) =>
    show(await evaluate(link, text, { language: "erlang", timeout: 15_000 }));
}

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("a cluster of two of %s", (set) => {
  it("has us as one of its nodes", async () => {
    const otp = await provision(set);
    const epmd = keep(await startEpmd(otp));
    const first = keep(await startErl({ otp, epmd }));
    const second = keep(await startErl({ otp, epmd, cookie: first.cookie }));
    const [one, two] = [await observe(first), await observe(second)];
    expect(await one(`net_adm:ping('${second.name}')`)).toBe("pong");
    expect(await one("global:sync()")).toBe("ok");

    const name = `${uniqueName("ours").split("@")[0]}@localhost`;
    const local: LocalNode = keep(
      await startNode(name, {
        cookie: first.cookie,
        visible: true,
        listen: { epmd: { host: "127.0.0.1", port: epmd.port } },
      }),
    );
    await local.connect(first.name, { address: { host: "127.0.0.1", port: first.port } });
    // The other comes by itself, since a cluster is a mesh.
    await expect
      .poll(() => [...local.nodes.keys()].sort(), { timeout: 10_000 })
      .toEqual([first.name, second.name].sort());
    for (const ask of [one, two]) {
      expect(await ask(`lists:member('${name}', nodes())`)).toBe("true");
      expect(await ask("global:sync()")).toBe("ok");
      await expect
        .poll(() => ask(`lists:member('${name}', gen_server:call(global_name_server, get_known))`))
        .toBe("true");
    }
    expect(await one("global:register_name(shop, whereis(kernel_sup))")).toBe("yes");
    expect(await two("node(global:whereis_name(shop))")).toBe(show(atom(first.name)));
    expect(await two("global:register_name(shop, whereis(kernel_sup))")).toBe("no");
    expect(await one("global:unregister_name(shop)")).toBe("ok");
    expect(await two("global:trans({till, self()}, fun() -> sold end)")).toBe("sold");
    // What is locked for a moment leaves nothing behind, there or here.
    const locking = `[global:trans({till, self()}, fun() -> ok end) || _ <- lists:seq(1, 50)]`;
    const held = `true = global:set_lock({till, self()}, ['${name}'])`;
    const start = (work: string) =>
      `Self = self(), P = spawn(fun() -> ${work}, Self ! done, receive stop -> ok end end), receive done -> ok end`;
    expect(await one(`${start(locking)}, register(till, P)`)).toBe("true");
    const watching = `{_, L} = process_info(whereis(till), monitored_by), length([X || X <- L, node(X) =:= '${name}'])`;
    await expect.poll(() => one(watching)).toBe("0");
    const tried = `global:set_lock({till, self()}, ['${name}'], 0)`;
    expect(
      await one(`exit(whereis(till), kill), ${start(held)}, R = ${tried}, exit(P, kill), R`),
    ).toBe("false");
    await expect.poll(() => two(tried)).toBe("true");
    if (set !== "otp23") {
      expect(
        await one(
          "{ok, _} = pg:start(pg), ok = pg:join(buyers, self()), length(pg:get_members(buyers))",
        ),
      ).toBe("1");
    }
    // Its end is a node down like any other, and the two stay together.
    await local.close();
    for (const ask of [one, two]) {
      await expect.poll(() => ask(`lists:member('${name}', nodes())`)).toBe("false");
    }
    expect(await one("global:sync()")).toBe("ok");
    expect(await two(`lists:member('${first.name}', nodes())`)).toBe("true");
    expect(await one("global:register_name(shop, whereis(kernel_sup))")).toBe("yes");
  });
});
