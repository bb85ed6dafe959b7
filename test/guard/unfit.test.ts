import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guardian, GuardUnfitError, guardStatus, Journal } from "../../src/guard/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, charlist, type Pid } from "../../src/term/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

// The ends of the range: the same text runs between them.
describe.each(["otp23", "otp29"] as const)("a node that no guardian can work on, %s", (otp) => {
  let beam: BeamProcess;
  let node: BeamNode;
  let state: string;
  beforeAll(async () => {
    // An embedded node loads nothing by itself.
    const args = ["-boot", "start_sasl", "-mode", "embedded"];
    beam = await startErl({ otp: await provision(otp), args });
    const address = { host: "127.0.0.1", port: beam.port };
    node = await connect(beam.name, { cookie: beam.cookie, address });
    state = await mkdtemp(join(tmpdir(), "beamctl-unfit-"));
  });
  afterAll(async () => {
    await node?.close();
    await beam?.[Symbol.asyncDispose]();
    await rm(state, { recursive: true, force: true });
  });

  const refusal = () =>
    Guardian.arm(node, { stateDirectory: state }).then(
      () => "it was armed",
      (error: unknown) => error,
    );

  async function without(module: string): Promise<void> {
    await node.call("code", "delete", [atom(module)]);
    await node.call("code", "purge", [atom(module)]);
  }

  test.each([[["erl_eval"]], [["timer"]], [["erl_lint", "supervisor"]]])(
    "is refused with what is missing: %s",
    async (modules) => {
      for (const module of modules) await without(module);
      const library = await node.call("code", "lib_dir", [atom("stdlib")]);
      const path = await node.call("filename", "join", [library, charlist("ebin")]);
      expect(await node.call("code", "del_path", [path])).toBe(atom("true"));
      const error = await refusal();
      await node.call("code", "add_pathz", [path]);
      for (const module of modules) await node.call("code", "load_file", [atom(module)]);
      expect(error).toBeInstanceOf(GuardUnfitError);
      expect(error).toMatchObject({ code: "BEAM_LEASE", missing: modules, node: node.name });
      expect(String(error)).toContain(modules.join(", "));
      expect(await guardStatus(node)).toBeUndefined();
    },
  );

  test("is refused where the timer server does not answer, for the backstop needs it", async () => {
    // Suspended as long as its suspender lives.
    const text = `
      timer:start(), Self = self(),
      Pid = spawn(fun() -> erlang:suspend_process(whereis(timer_server)), Self ! ready, receive stop -> ok end end),
      receive ready -> Pid end`;
    const suspender = await evaluate(node, text, { language: "erlang" });
    const error = await refusal();
    node.send(suspender as Pid, atom("stop"));
    expect(error).toBeInstanceOf(GuardUnfitError);
    expect(error).toMatchObject({ missing: ["timer_server"] });
    expect(await guardStatus(node)).toBeUndefined();
  });

  test("is refused where the name belongs to something else", async () => {
    const { pid } = await node.spawn("timer", "sleep", [60_000]);
    await node.call("erlang", "register", [atom("beamctl_guard"), pid]);
    const error = await refusal();
    await node.call("erlang", "exit", [pid, atom("kill")]);
    expect(error).toBeInstanceOf(GuardUnfitError);
    expect(error).toMatchObject({ missing: ["beamctl_guard"] });
    expect(String(error)).toContain("which is no guardian");
  });

  test("leaves a journal in which everything has ended, and works again when all is there", async () => {
    await using journal = await Journal.open(node.name, state);
    expect(journal.unfinished).toEqual([]);
    const guardian = await Guardian.arm(node, { journal });
    expect(await guardian.disarm()).toMatchObject({ leftSuspended: 0, leftHeld: 0 });
  });
});
