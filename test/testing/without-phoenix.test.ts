/** What `pubsub` and `sandbox` say of a node that has neither, and their types; what they do is tested against a live Phoenix. */

import { afterAll, beforeAll, expect, expectTypeOf, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { binary, FALSE, type Pid, TRUE } from "../../src/term/index.ts";
import {
  type PubSub,
  pubsub,
  type Sandbox,
  type SandboxOptions,
  sandbox,
} from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

let erl: BeamProcess;
let node: BeamNode;

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27") });
  const address = { host: "127.0.0.1", port: erl.port };
  node = await connect(erl.name, { cookie: erl.cookie, address });
});
afterAll(async () => {
  await node?.close();
  await erl?.[Symbol.asyncDispose]();
});

it("refuses a node without Phoenix.PubSub", async () => {
  await expect(pubsub(node, "Shop.PubSub")).rejects.toMatchObject({
    code: "BEAM_TOPOLOGY",
    message: `no Phoenix.PubSub to join on ${erl.name}: Phoenix.PubSub is not loaded there`,
  });
});

it("refuses a repo that is none", async () => {
  await expect(sandbox(node, { repos: ["Shop.Repo"] })).rejects.toMatchObject({
    code: "BEAM_TOPOLOGY",
    message: `Shop.Repo of ${erl.name} is no Ecto repo`,
  });
  await expect(sandbox(node, { repos: ["lists"] })).rejects.toThrow(":lists of");
});

it.each(["otp23", "otp29"] as const)(
  "builds the metadata itself where Phoenix.Ecto is not (%s)",
  async (set) => {
    await using plain = await startErl({ otp: await provision(set), elixir: ":ok" });
    const address = { host: "127.0.0.1", port: plain.port };
    await using elixir = await connect(plain.name, { cookie: plain.cookie, address });
    await using box = await sandbox(elixir, { repos: [] }); // of no repo, since there is no Ecto either
    const decode = `
    "BeamMetadata (" <> rest = told
    {:v1, metadata} = rest |> binary_part(0, byte_size(rest) - 1) |> Base.url_decode64!() |> :erlang.binary_to_term()
    metadata == %{owner: owner, repo: [], trap_exit: true} and Process.alive?(owner)`;
    const bindings = { told: binary(box.metadata), owner: box.owner };
    expect(await evaluate(elixir, decode, { bindings })).toBe(TRUE);
    await box[Symbol.asyncDispose]();
    const alive = () => elixir.call("erlang", "is_process_alive", [box.owner]);
    await expect.poll(alive).toBe(FALSE);
  },
);

it("has types", () => {
  expectTypeOf(pubsub).returns.resolves.toEqualTypeOf<PubSub>();
  expectTypeOf(sandbox).returns.resolves.toEqualTypeOf<Sandbox>();
  expectTypeOf<SandboxOptions["mode"]>().toEqualTypeOf<"manual" | undefined>();
  expectTypeOf<Sandbox["allow"]>().parameter(0).toEqualTypeOf<Pid | string>();
  expectTypeOf<Sandbox["headers"]>().toExtend<Readonly<Record<string, string>>>();
});
