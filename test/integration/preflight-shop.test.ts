/** The checks of the running system on a real release; consolidated protocols are loaded in the same run, and taken back by a downgrade. */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LoadProtocols, settings } from "../../src/instructions/index.ts";
import { codePath, evaluate } from "../../src/otp/index.ts";
import { binary, inspect } from "../../src/term/index.ts";
import { runInstruction, type UpgradeOptions, upgrade } from "../../src/upgrade/index.ts";
import { restarts } from "../../src/upgrade/preflight/restarts.ts";
import { structs } from "../../src/upgrade/preflight/structs.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";
import { givenBy } from "../upgrade/given.ts";

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

/** Two structs in the state of an agent; the new version has other keys in one of them. */
const STRUCTS = `
put = fn folder, text ->
  for {module, beam} <- Code.compile_string(text) do
    {:ok, {_, stripped}} = :beam_lib.strip(beam)
    File.write!(Path.join([root, folder, "ebin", "#{module}.beam"]), stripped)
  end
end
same = "defmodule Shop.Same do\\n defstruct a: 1, b: [x: %{}]\\nend\\n"
put.("lib/shop-0.2.0", same <> "defmodule Shop.Cart do\\n defstruct [:items, buyer: 1]\\nend")
put.("lib/shop-0.1.0", same <> "defmodule Shop.Cart do\\n defstruct [:items, owner: %{a: 1}]\\nend")
state = [struct(Shop.Cart), {struct(Shop.Same)}]
{:ok, _} = Supervisor.start_child(Shop.Supervisor, %{id: :carts, start: {Agent, :start_link, [fn -> state end]}})
:ok`;

const ASK = `try do Shop.Describe.describe(struct(Shop.Price)) rescue e in Protocol.UndefinedError -> e.__struct__ end`;

describe.runIf(await hasRabbit()).each(["otp25", "otp27"] as const)(
  "the checks of a running release on %s",
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

    it.each([
      [
        "stops 1 process of Shop.Endpoint",
        ["{stop, ['Elixir.Shop.Endpoint']}", "{start, ['Elixir.Shop.Endpoint']}"],
      ],
      [
        "restarts the application shop",
        ["{apply, {application, stop, [shop]}}", "{apply, {application, start, [shop]}}"],
      ],
    ])("a listener is among what the relup stops: it %s", async (what, stop) => {
      const [found, ...rest] = await restarts.find(
        givenBy(given.node, ["point_of_no_return", ...stop]),
      );
      expect(rest).toEqual([]);
      expect(found).toMatchObject({ code: "connections-dropped", severity: "danger" });
      expect(found?.what).toContain(`the relup ${what}`);
      expect(found?.what).toMatch(
        /among them 1 listener \(Shop\.Endpoint\.HTTP\) with 0 connections, 0 websockets of them$/,
      );
    });

    it("a struct of Elixir is compared by its stripped beams", async () => {
      const { root } = given.shop;
      await elixir(STRUCTS, { root: binary(root) });
      const loads = [
        "{load_object_code, {shop, \"0.2.0\", ['Elixir.Shop.Cart', 'Elixir.Shop.Same']}}",
        "point_of_no_return",
        "{load, {'Elixir.Shop.Cart', brutal_purge, brutal_purge}}",
        "{load, {'Elixir.Shop.Same', brutal_purge, brutal_purge}}",
      ];
      const found = await structs.find(givenBy(given.node, loads, { root }));
      expect(
        found.map(({ code, what }) => `${code}: ${what.replaceAll(/<[\d.]+>/g, "PID")}`),
      ).toEqual([
        "struct-changes: the struct Shop.Cart changes (new buyer, gone owner), and lives in the states of 1 process without a code_change: PID",
      ]);
      await elixir(
        `Supervisor.terminate_child(Shop.Supervisor, :carts)
for file <- Path.wildcard(root <> "/lib/shop-*/ebin/Elixir.Shop.{Cart,Same}.beam"), do: File.rm!(file)`,
        { root: binary(root) },
      );
    });

    it("protocols are a danger where no instruction loads them, with the remedy", async () => {
      expect(await elixir(ASK)).toBe("Protocol.UndefinedError");
      await expect(go("0.2.0")).rejects.toMatchObject({
        stage: "check",
        outcome: "unchanged",
        message: expect.stringContaining(
          "1 consolidated protocol differs from what is loaded, and the relup does not load it: Shop.Describe",
        ),
        remedy: expect.stringContaining("--load-protocols"),
        findings: expect.arrayContaining([
          expect.objectContaining({ code: "protocols-not-loaded", severity: "danger" }),
        ]),
      });
    });

    it.each(["edeliver", "minimal"] as const)(
      "protocols are loaded with loadProtocols in the plan %s, and taken back on the way down",
      async (plan) => {
        const up = await go("0.2.0", { plan, loadProtocols: true });
        expect(up.findings.filter(({ code }) => code.startsWith("protocols"))).toEqual([]);
        expect(up.steps.indexOf("LoadProtocols")).toBe(up.steps.indexOf("install") + 1);
        expect(await elixir(ASK)).toBe('"a price"');
        const path = await codePath(given.node);
        expect(path[0]).toMatch(/\/releases\/0\.2\.0\/consolidated$/);
        expect(path.filter((one) => one.includes("consolidated"))).toHaveLength(1);

        await go("0.1.0", { plan, loadProtocols: true });
        expect(await elixir(ASK)).toBe("Protocol.UndefinedError");
        expect((await codePath(given.node))[0]).toMatch(/\/releases\/0\.1\.0\/consolidated$/);
      },
    );

    it("protocols are loaded by a relup that calls us, too", async () => {
      await go("0.2.0", { inRelup: true, loadProtocols: true });
      expect(await elixir(ASK)).toBe('"a price"');
    });

    it("protocols are loaded by hand, of the version that runs", async () => {
      await elixir(
        `
file = Path.join(root, "releases/0.1.0/consolidated/Elixir.Shop.Describe")
:code.soft_purge(Shop.Describe)
{:module, _} = :code.load_abs(String.to_charlist(file))`,
        { root: binary(given.shop.root) },
      );
      expect(await elixir(ASK)).toBe("Protocol.UndefinedError");
      const { ran } = await runInstruction(given.node, LoadProtocols, {
        config: settings({ name: "shop" }),
        stateDirectory: state,
      });
      expect(ran).toEqual(["LoadProtocols"]);
      expect(await elixir(ASK)).toBe('"a price"');
    });
  },
);
