/** What is said of relups and done with them, judged by the release handler of each OTP. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connect } from "../../src/node/index.ts";
import { observer, type Remote } from "../../src/otp/index.ts";
import {
  explainRelup,
  type Instruction,
  readRelup,
  readRelupFile,
  relupImpact,
  restoreRelup,
  writeRelup,
} from "../../src/relup/index.ts";
import { Atom, atom, charlist, parse, type Tuple, tuple } from "../../src/term/index.ts";
import { provision, startErl } from "../support/index.ts";
import { supervised } from "../support/shop/open.ts";

/** Lists of one or two instructions, of which the release handler's check passes some. */
const CHECKED = [
  ...[
    "{load,{a,soft_purge,soft_purge}}",
    "{load,{a,soft_purge}}",
    "{remove,{a,soft_purge,soft_purge}}",
  ],
  ...[
    "{remove,a}",
    "{purge,[a]}",
    "{purge,a}",
    "{suspend,[a]}",
    "{suspend,[{a,1}]}",
    "{resume,[a]}",
  ],
  ...["{code_change,[{a,[]}]}", "{code_change,up,[{a,[]}]}", "{code_change,up,[],x}", "{stop,[a]}"],
  ...["{start,[a]}", "{sync_nodes,a,[]}", "{sync_nodes,a,{m,f,[]}}", "{sync_nodes,a}", "{suspend}"],
  ...[
    "{apply,{erlang,self,[]}}",
    "{apply,{erlang,self}}",
    "restart_emulator",
    "restart_new_emulator",
  ],
  ...['{load_object_code,{a,"1",[]}}', "point_of_no_return", "{point_of_no_return}", "strange"],
  ...["{strange,1}", "{}", "{update,a}", "{load_module,a}", "{add_module,a}", "{delete_module,a}"],
  ...["{add_application,a}", "{remove_application,a}", "{restart_application,a}", "load"],
].map((text) => parse(text, { syntax: "erlang" }) as Instruction);

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("%s", (set) => {
  it("writes a relup, weighs it and puts the old one back", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    const address = { host: "127.0.0.1", port: erl.port };
    await using node = await connect(erl.name, { cookie: erl.cookie, address });
    // A plain node's root is OTP itself: the release is elsewhere.
    const remote: Remote = {
      name: node.name,
      call: (module, fun, args, options) =>
        fun === "root_dir"
          ? Promise.resolve(charlist(erl.home))
          : node.call(module, fun, args, options),
    };
    await mkdir(join(erl.home, "releases/2"), { recursive: true });
    const list = [tuple(atom("suspend"), [atom("kernel")]) as Instruction];
    const entry = { version: "1", description: [], instructions: list };
    const relup = { version: "2", up: [entry], down: [] };
    expect((await writeRelup(remote, "2", relup)).backup).toBeUndefined();
    const { backup } = await writeRelup(remote, "2", { ...relup, down: [entry] });
    expect((await readRelupFile(remote, "2")).relup.down).toHaveLength(1);
    const restored = await restoreRelup(remote, "2");
    expect(restored).toMatchObject({ backup, file: join(erl.home, "releases/2/relup") });
    const path = await readRelup(remote, "1", "2");
    expect(path.instructions).toEqual(list);
    const { processes } = await relupImpact(observer(node), explainRelup(list).rows);
    expect(processes.map(({ pids }) => pids.map(String).toSorted())).toEqual([
      await supervised(node, "kernel"),
    ]);
  });

  it("refuses at its check just what the explanation says that it refuses", async () => {
    await using erl = await startErl({ otp: await provision(set) });
    const address = { host: "127.0.0.1", port: erl.port };
    await using node = await connect(erl.name, { cookie: erl.cookie, address });
    const border = atom("point_of_no_return");
    const first = tuple(atom("apply"), tuple(atom("erlang"), atom("self"), [])) as Instruction;
    // These do something at the check, or fail for the want of a library.
    const runs = /^(load|load_object_code|remove|stop|start|suspend|sync_nodes)$/;
    for (const instruction of CHECKED) {
      const tag = instruction instanceof Atom ? instruction.name : instruction.items[0];
      const lists = [[border, instruction], [instruction], [first, instruction]];
      if (!(tag instanceof Atom && runs.test(tag.name))) lists.push([first, instruction, border]);
      for (const list of lists) {
        const verdict = await node.call("release_handler_1", "check_script", [list, []]);
        const refused = (verdict as Tuple).items[0] === atom("error");
        const { rows } = explainRelup(list);
        expect([list, rows.some(({ refused }) => refused)]).toEqual([list, refused]);
      }
    }
  });
});
