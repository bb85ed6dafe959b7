/** Consolidated protocols on a real release: found to differ, loaded in the same run, and taken back by a downgrade. */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codePath, evaluate } from "../../src/otp/index.ts";
import { binary, inspect } from "../../src/term/index.ts";
import { type UpgradeOptions, upgrade } from "../../src/upgrade/index.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

/** A protocol, consolidated for each version; only the second one knows the struct. */
const PROTOCOL = `
Code.compiler_options(docs: true, debug_info: true)
[{protocol, beam}] = Code.compile_string("defprotocol Shop.Describe do\\n  def describe(x)\\nend")
plain = Path.join(root, "lib/shop-0.1.0/ebin/Elixir.Shop.Describe")
File.write!(plain <> ".beam", beam)
load = fn file -> :code.purge(protocol); {:module, _} = :code.load_abs(String.to_charlist(file)) end
load.(plain)
Code.compile_string("""
defimpl Shop.Describe, for: Integer do
  def describe(_), do: "a number"
end
defmodule Shop.Price do
  defstruct [:cents]
end
defimpl Shop.Describe, for: Shop.Price do
  def describe(_), do: "a price"
end
""")
{:ok, old} = Protocol.consolidate(protocol, [Integer])
{:ok, new} = Protocol.consolidate(protocol, [Integer, Shop.Price])
name = "consolidated/Elixir.Shop.Describe.beam"
File.write!(Path.join([root, "releases/0.1.0", name]), old)
File.write!(Path.join([root, "releases/0.2.0", name]), new)
load.(Path.rootname(Path.join([root, "releases/0.1.0", name])))
:ok`;

const ASK = `try do Shop.Describe.describe(struct(Shop.Price)) rescue e in Protocol.UndefinedError -> e.__struct__ end`;

describe.runIf(await hasRabbit()).each(["otp25", "otp27"] as const)(
  "consolidated protocols on %s",
  (otp) => {
    let given: Awaited<ReturnType<typeof openShop>>;
    let state: string;

    beforeAll(async () => {
      given = await openShop(otp);
      state = await mkdtemp(join(tmpdir(), "beamctl-protocols-"));
      const { root } = given.shop;
      for (const version of ["0.1.0", "0.2.0"]) {
        await mkdir(join(root, "releases", version, "consolidated"), { recursive: true });
      }
      await elixir(PROTOCOL, { root: binary(root) });
    });
    afterAll(async () => {
      await given?.[Symbol.asyncDispose]();
      if (state) await rm(state, { recursive: true, force: true });
    });

    const elixir = async (text: string, bindings = {}) =>
      inspect(await evaluate(given.node, text, { language: "elixir", bindings }));
    const go = (version: string, options: UpgradeOptions = {}) =>
      upgrade(given.node, version, {
        plan: "minimal",
        permanent: false,
        stateDirectory: state,
        ...options,
      });

    it("are a danger where no instruction loads them, with the remedy", async () => {
      expect(await elixir(ASK)).toBe("Protocol.UndefinedError");
      await expect(go("0.2.0")).rejects.toMatchObject({
        stage: "check",
        outcome: "unchanged",
        message: expect.stringContaining(
          "1 consolidated protocol differs from what is loaded, and the relup does not load it: Shop.Describe",
        ),
        remedy: expect.stringContaining("--load-protocols"),
        findings: [{ code: "protocols-not-loaded", severity: "danger" }],
      });
    });

    it.each(["edeliver", "minimal"] as const)(
      "are loaded with loadProtocols in the plan %s, and taken back on the way down",
      async (plan) => {
        const up = await go("0.2.0", { plan, loadProtocols: true });
        expect(up.findings).toEqual([]);
        expect(up.steps.indexOf("LoadProtocols")).toBe(up.steps.indexOf("verify") + 1);
        expect(await elixir(ASK)).toBe('"a price"');
        const path = await codePath(given.node);
        expect(path[0]).toMatch(/\/releases\/0\.2\.0\/consolidated$/);
        expect(path.filter((one) => one.includes("consolidated"))).toHaveLength(1);

        await go("0.1.0", { plan, loadProtocols: true });
        expect(await elixir(ASK)).toBe("Protocol.UndefinedError");
        expect((await codePath(given.node))[0]).toMatch(/\/releases\/0\.1\.0\/consolidated$/);
      },
    );

    it("are loaded by a relup that calls us, too", async () => {
      await go("0.2.0", { inRelup: true, loadProtocols: true });
      expect(await elixir(ASK)).toBe('"a price"');
    });
  },
);
