import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guardian } from "../../src/guard/index.ts";
import { connect } from "../../src/node/index.ts";
import { Cli } from "../support/cli/run.ts";
import { type BeamProcess, freePort, provision, startEpmd, startErl } from "../support/index.ts";

let node: BeamProcess;
let cli: Cli;

beforeAll(async () => {
  node = await startErl({ otp: await provision("otp27") });
  cli = await Cli.for(node);
});
afterAll(async () => {
  await cli?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

describe("commands that look", () => {
  test("ping", async () => {
    const { code, stdout } = await cli.run(["ping"]);
    expect(stdout).toMatch(
      new RegExp(`^pong from ${node.name} \\(handshake .* round trip .*\\)\n$`),
    );
    expect(code).toBe(0);
  });

  test("info, as lines and as JSON", async () => {
    expect((await cli.run(["info"])).stdout).toContain("otp           27");
    const { stdout } = await cli.run(["info", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      node: node.name,
      otpRelease: "27",
      elixirVersion: null,
      processes: { count: expect.any(Number), limit: 1048576 },
    });
  });

  test("tree, with a clear word for an application that is not there", async () => {
    expect((await cli.run(["tree", "kernel"])).stdout).toContain("├─ ");
    const { code, stderr } = await cli.run(["tree", "shop"]);
    expect(stderr).toContain("the application shop is not started");
    expect(stderr).toContain("try: ");
    expect(code).toBe(2);
  });

  test.each(["listeners", "connections", "chan ls"])(
    "%s says why it sees none",
    async (command) => {
      const { code, stdout, stderr } = await cli.run(command.split(" "));
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^no \w+ can be seen: neither Ranch, .* runs on this node$/m);
      expect(code).toBe(2);
    },
  );

  test("nodes asks an EPMD and needs no cookie", async () => {
    await using epmd = await startEpmd(await provision("otp27"));
    await using registered = await startErl({ otp: await provision("otp25"), epmd });
    const { stdout } = await cli.run(["--epmd", `127.0.0.1:${epmd.port}`, "nodes", "--json"]);
    const [name] = registered.name.split("@");
    expect(JSON.parse(stdout)).toEqual([{ name, port: registered.port }]);
  });
});

describe("rpc and eval", () => {
  test("a function with terms, in both syntaxes", async () => {
    const reverse = ["rpc", "-m", "lists", "-f", "reverse"];
    expect(await cli.run([...reverse, "[1, 2.0, :a]"])).toMatchObject({
      code: 0,
      stdout: "[:a, 2.0, 1]\n",
    });
    const erlang = [...reverse, "--lang", "erlang", '[{a,<<"b">>},#{}]', "-o", "erlang"];
    expect((await cli.run(erlang)).stdout).toBe('[#{},{a,<<"b">>}]\n');
  });

  test("an expression, and JSON that confuses nothing", async () => {
    expect((await cli.run(["rpc", "{ok, 1 + 1}."])).stdout).toBe("{:ok, 2}\n");
    const { stdout } = await cli.run(["rpc", '{ok, <<"text">>, 1.0, #{a => [1]}}', "--json"]);
    expect(JSON.parse(stdout)).toEqual({ "%t": [{ "%a": "ok" }, "text", { "%f": 1 }, { a: [1] }] });
  });

  test("a script from standard input", async () => {
    const { stdout } = await cli.run(["eval", "-"], "X = 20,\nX * 2 + 2.");
    expect(stdout).toBe("42\n");
  });

  test("what the node raised is shown, with exit code 1", async () => {
    const { code, stderr } = await cli.run(["rpc", "-m", "erlang", "-f", "error", ":boom"]);
    expect(stderr).toMatch(/^error: .*erlang:error\/1.*:boom/);
    expect(code).toBe(1);
  });
});

describe("bad input is a cause, a remedy and an exit code, each one line", () => {
  const cases: [name: string, args: string[], code: number, cause: RegExp][] = [
    ["a malformed term", ["rpc", "-m", "lists", "-f", "reverse", "[1, 2"], 65, /expected .* found/],
    ["a wrong cookie", ["ping", "--cookie", "wrong"], 77, /refused the cookie/],
    ["another node's name", ["ping", "-n", "other@localhost"], 69, /the node at this address is /],
    ["a name that is none", ["ping", "-n", "@"], 64, /is no node name/],
    [
      "a time-out",
      ["rpc", "-m", "timer", "-f", "sleep", "60000", "-t", "300ms"],
      75,
      /within 300 ms/,
    ],
    ["a release command without sasl", ["release", "ls"], 3, /release handler does not run/],
    [
      "an upgrade without sasl",
      ["release", "upgrade", "2", "-yq"],
      3,
      /release handler does not run/,
    ],
    ["a change without a yes", ["release", "upgrade", "2"], 64, /nobody to ask/],
    ["a bad duration", ["ping", "-t", "soon"], 64, /is not a duration/],
    ["half a call", ["rpc", "-m", "lists"], 64, /go together/],
    ["no expression", ["rpc"], 64, /nothing to evaluate/],
    ["a missing script", ["eval", "/nonexistent"], 64, /cannot be read/],
    ["a missing cookie file", ["ping", "--cookie-file", "/nonexistent"], 78, /cannot be read/],
  ];
  test.each(cases)("%s", async (_name, args, code, cause) => {
    const finished = await cli.run(args);
    const [first, second, ...more] = finished.stderr.trimEnd().split("\n");
    expect(first).toMatch(/^error: /);
    expect(first).toMatch(cause);
    expect(second).toMatch(/^ {2}try: /);
    expect(more).toEqual([]);
    expect(finished.stdout).toBe("");
    expect(finished.code).toBe(code);
  });

  test("a dead port", async () => {
    await using dead = await Cli.for({ ...node, name: node.name, port: await freePort() });
    const { code, stderr } = await dead.run(["ping"]);
    expect(stderr).toMatch(/^error: nothing listens on /);
    expect(code).toBe(69);
  });

  test("an unknown command is told which one is near", async () => {
    const { code, stderr } = await cli.run(["pong"]);
    expect(stderr).toContain("Did you mean ping?");
    expect(code).toBe(64);
  });
});

describe("recover", () => {
  test("on a node that nobody holds", async () => {
    const { code, stdout } = await cli.run(["recover"]);
    expect(stdout).toBe(`${node.name}: nothing is left suspended or held\n`);
    expect(code).toBe(0);
  });

  test("leaves a living controller alone, and takes over from it with --force, saying whose it was", async () => {
    const state = await mkdtemp(join(tmpdir(), "beamctl-recover-"));
    const address = { host: "127.0.0.1", port: node.port };
    try {
      await using link = await connect(node.name, { cookie: node.cookie, address });
      await using guardian = await Guardian.arm(link, {
        stateDirectory: state,
        purpose: "a \u001b[2Jtest",
      });
      const who = /^(error: )?the node is guarded by .* on .* since \d+ s: a \\u\{1b\}\[2Jtest/;
      const refused = await cli.run(["recover"]);
      expect(refused.stderr).toMatch(who);
      expect(refused.code).toBe(3);
      expect(guardian.lost.aborted).toBe(false);

      const taken = await cli.run(["recover", "--force", "--yes"]);
      expect(taken.stderr).toMatch(who);
      expect(taken.stdout).toContain("nothing is left suspended or held");
      expect(taken.code).toBe(0);
      await expect(guardian.suspend([])).rejects.toThrow();
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  });
});

describe("doctor", () => {
  test("goes through every step", async () => {
    const { code, stdout } = await cli.run(["doctor", "--json"]);
    const steps = JSON.parse(stdout) as { step: string; ok: boolean }[];
    expect(steps.map(({ step }) => step)).toEqual(["cookie", "port", "handshake", "round trip"]);
    expect(steps.every(({ ok }) => ok)).toBe(true);
    expect(code).toBe(0);
  });

  test("prints the real name of the node that answers", async () => {
    const { code, stdout } = await cli.run(["doctor", "-n", "other@localhost", "--json"]);
    const steps = JSON.parse(stdout) as { step: string; ok: boolean; detail: string }[];
    expect(steps.at(-2)).toMatchObject({ step: "handshake", ok: false });
    expect(steps.at(-1)).toMatchObject({ step: "real name", detail: node.name });
    expect(code).toBe(69);
  });

  test("names the step that fails through EPMD, and the nodes that are there", async () => {
    await using epmd = await startEpmd(await provision("otp27"));
    await using other = await startErl({ otp: await provision("otp25"), epmd });
    await using byName = await Cli.for(node);
    const args = ["--epmd", `127.0.0.1:${epmd.port}`, "-n", "nobody@localhost", "--address", ""];
    const { stdout } = await byName.run([...args, "doctor", "--json"]);
    const steps = JSON.parse(stdout) as { step: string; ok: boolean; detail: string }[];
    expect(steps.at(-1)).toMatchObject({ step: "name", ok: false });
    expect(steps.at(-1)?.detail).toContain(other.name.split("@")[0]);
  });
});
