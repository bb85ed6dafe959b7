/**
 * The documents of edeliver's CheckRanchConnections (1.4.5) and ResumeChannels (1.2.7) are the contract: every function, macro, callback and
 * type that they name has its counterpart here, under its name.
 */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it, test } from "vitest";
import type {
  BulkResult,
  EdeliverConfig,
  InsertFun,
  Instruction,
  Instructions,
  ReleaseManagerConfig,
} from "../../src/instructions/index.ts";
import * as room from "../../src/instructions/index.ts";
import { type Atom, atom, inspect, type Pid, type Tuple } from "../../src/term/index.ts";

/** The names as the documents spell them, with the number of their arguments there. */
const CHECK_RANCH_CONNECTIONS = [
  "arguments/2",
  "call_this/1",
  "dependencies/0",
  "insert_where/0",
  "ranch_connections/1",
  "ranch_connections_sup/1",
  "run/1",
  "websocket_channel_connections/2",
];

const RESUME_CHANNELS = [
  "arguments/2",
  "bulk_resume/2",
  "call_this/1",
  "debug/1",
  "dependencies/0",
  "ensure_dependencies_loaded_before_instruction_for_upgrade/3",
  "ensure_dependencies_unloaded_after_instruction_for_downgrade/3",
  "error/1",
  "format_in_upgrade_script/2",
  "info/1",
  "insert_where/0",
  "log_in_upgrade_script/2",
  "modify_relup/2",
  "run/1",
  "warn/1",
  "assume",
];

const TEXT = readdirSync(new URL("../../src/instructions/", import.meta.url))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(new URL(`../../src/instructions/${file}`, import.meta.url), "utf8"))
  .join("\n");

const camel = (name: string): string =>
  name.replace(/\/\d$/, "").replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const EXPORTS = new Map<string, unknown>(Object.entries(room));

describe.each([
  ["CheckRanchConnections", room.CheckRanchConnections, CHECK_RANCH_CONNECTIONS],
  ["ResumeChannels", room.ResumeChannels, RESUME_CHANNELS],
] as const)("%s", (module, instruction, names) => {
  const own = new Map<string, unknown>(Object.entries(instruction));

  it.each(names)("has %s, and its docstring names the original", (name) => {
    const found = own.get(camel(name)) ?? EXPORTS.get(camel(name));
    expect(found).toBeTypeOf("function");
    expect(TEXT).toMatch(new RegExp(`\\*.*\`${name.replace("/", "\\/")}\``));
  });

  it("is a module of edeliver's name", () => {
    expect(instruction.module).toBe(`Elixir.Edeliver.Relup.Instructions.${module}`);
    expect(instruction.name).toBe(module);
  });
});

it("depends on what the newer documents say: ResumeChannels on both checks, CheckRanchConnections on the other", () => {
  expect(room.CheckRanchConnections.dependencies()).toEqual([room.CheckRanchAcceptors]);
  expect(room.ResumeChannels.dependencies()).toEqual([
    room.CheckRanchAcceptors,
    room.CheckRanchConnections,
  ]);
});

it("calls itself as the relup of edeliver does", () => {
  const call = room.ResumeChannels.callThis([atom("shop")]);
  expect(inspect(call)).toBe(
    "{:apply, {Edeliver.Relup.Instructions.ResumeChannels, :run, [:shop]}}",
  );
});

it("takes the name of the application from both configurations, text or atom", () => {
  const edeliver: EdeliverConfig = { name: atom("shop"), output_dir: "/tmp" };
  const exrm: ReleaseManagerConfig = {
    dev: false,
    env: "prod",
    erl: "",
    name: "shop",
    package: undefined,
    relxConfig: undefined,
    upgrade: true,
    verbosity: "normal",
    version: "0.2.0",
  };
  const none = {} as Instructions;
  for (const config of [edeliver, exrm]) {
    expect(room.ResumeChannels.arguments(none, config)).toBe(atom("shop"));
    expect(inspect(room.FinishRunningRequests.arguments(none, config))).toBe("{:shop, 500}");
  }
  expect(() => room.ResumeChannels.arguments(none, { name: "" })).toThrow(/names no application/);
});

test("the types are those of the documents", () => {
  expectTypeOf<Instruction>().toEqualTypeOf<Atom | Tuple>();
  expectTypeOf<keyof Instructions>().toEqualTypeOf<
    "upInstructions" | "downInstructions" | "upVersion" | "downVersion" | "changedModules"
  >();
  expectTypeOf(room.CheckRanchConnections.insertWhere).toEqualTypeOf<InsertFun>();
  expectTypeOf<BulkResult>().toEqualTypeOf<
    "ok" | "not_supported" | readonly ["errors", number, readonly (readonly [Pid, string])[]]
  >();
  expectTypeOf(room.bulkResume).parameter(2).toEqualTypeOf<number | "infinity" | undefined>();
  expectTypeOf(room.websocketChannelConnections).returns.resolves.toEqualTypeOf<
    readonly Pid[] | "not_detected"
  >();
});
