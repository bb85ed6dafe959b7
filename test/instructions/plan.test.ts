import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  changes,
  checks,
  DEFAULT_CONFIG,
  defineInstruction,
  EDELIVER,
  type Instruction,
  type Instructions,
  insertAfterInstruction,
  insertAfterPointOfNoReturn,
  insertBeforePointOfNoReturn,
  MINIMAL,
  type PlanEntry,
  type PlanStep,
  plan,
  planWithin,
  ResumeChannels,
  type RunnableInstruction,
  Sleep,
  SoftPurge,
  StartSection,
  SuspendChannels,
  stepsOf,
  stepsWithin,
} from "../../src/instructions/index.ts";
import { atom, inspect, parse, type Tuple, tuple } from "../../src/term/index.ts";

const config = { application: "shop", ...DEFAULT_CONFIG };

const erlang = (text: string): Instruction => parse(text, { syntax: "erlang" }) as Instruction;

const OWN: readonly Instruction[] = [
  "{load_object_code, {shop, \"0.2.0\", ['Elixir.A', 'Elixir.B']}}",
  "point_of_no_return",
  "{suspend, ['Elixir.B']}",
  "{load, {'Elixir.A', brutal_purge, brutal_purge}}",
  "{load, {'Elixir.B', brutal_purge, brutal_purge}}",
  "{code_change, up, [{'Elixir.B', []}]}",
  "{resume, ['Elixir.B']}",
].map(erlang);

const BASE: Instructions = {
  upInstructions: OWN,
  downInstructions: OWN,
  upVersion: "0.2.0",
  downVersion: "0.1.0",
  changedModules: ["Elixir.A", "Elixir.B"],
};

/** An instruction in short: ours by its name and argument, the relup's by its own. */
function short(instruction: Instruction): string {
  const [tag, call] =
    instruction === atom("point_of_no_return") ? [] : (instruction as Tuple).items;
  if (tag !== atom("apply")) return inspect(instruction, { syntax: "erlang" });
  const [module, , args] = (call as Tuple).items;
  const name = inspect(module as never).replace("Edeliver.Relup.Instructions.", "");
  return `${name} ${inspect((args as readonly never[])[0] as never)}`;
}

const names = (steps: readonly PlanStep[]) =>
  steps.map((step) => (step.type === "run" ? step.instruction.name : step.type));

const outside = (entries: readonly PlanEntry[], base = BASE) =>
  stepsOf(plan(entries, base, config).upInstructions, base.upInstructions, entries);

describe("the edeliver plan", () => {
  test("gives the list that edeliver's own code gives, in both directions", () => {
    const { upInstructions, downInstructions } = plan(EDELIVER, BASE, config);
    const [load, , suspend, ...rest] = OWN.map((one) => inspect(one, { syntax: "erlang" }));
    const list = (up: string, done: string) => [
      load,
      `Info "checking whether the ${up} is possible"`,
      "CheckProcessesRunningOldCode [A, B]",
      "CheckRanchAcceptors :shop",
      "CheckRanchConnections :shop",
      "point_of_no_return",
      `Info "preparing the ${up}"`,
      suspend,
      "SuspendRanchAcceptors :shop",
      "SuspendChannels :shop",
      "FinishRunningRequests {:shop, 500}",
      `Info "${done}"`,
      ...rest,
      `Info "the ${up} succeeded"`,
      'Info "resuming"',
      "RerunFailedRequests :shop",
      "ResumeChannels :shop",
      "ResumeRanchAcceptors :shop",
      `Info "the ${up} is done"`,
    ];
    expect(upInstructions.map(short)).toEqual(list("upgrade", "upgrading"));
    expect(downInstructions.map(short)).toEqual(list("downgrade", "downgrading"));
  });

  test("is done from outside around the install, which is all that the relup holds", () => {
    const steps = outside(EDELIVER);
    expect(names(steps).filter((name) => name !== "Info")).toEqual([
      "CheckProcessesRunningOldCode",
      "CheckRanchAcceptors",
      "CheckRanchConnections",
      "point_of_no_return",
      "SuspendRanchAcceptors",
      "SuspendChannels",
      "FinishRunningRequests",
      "install",
      "RerunFailedRequests",
      "ResumeChannels",
      "ResumeRanchAcceptors",
      "verify",
    ]);
    expect(names(checks(steps))).toHaveLength(4);
    expect(names(changes(steps))[1]).toBe("SuspendRanchAcceptors");
  });

  test("resumes the channels strictly before the acceptors", () => {
    const order = names(outside(EDELIVER));
    expect(order.indexOf("ResumeChannels")).toBeLessThan(order.indexOf("ResumeRanchAcceptors"));
  });
});

describe("a plan for a relup that calls us", () => {
  const within = (entries: readonly PlanEntry[], base = BASE) => {
    const list = planWithin(entries, base, config).upInstructions;
    return stepsWithin(list, base.upInstructions, entries).map((step) =>
      step.type === "relup" ? short(step.instruction) : names([step])[0],
    );
  };

  test("has the relup suspend whom channels may call only when the channels stand still", () => {
    const list = planWithin(EDELIVER, BASE, config).upInstructions.map(short);
    expect(list.slice(list.indexOf("point_of_no_return"))).toEqual([
      "point_of_no_return",
      'Info "preparing the upgrade"',
      "SuspendRanchAcceptors :shop",
      "SuspendChannels :shop",
      "FinishRunningRequests {:shop, 500}",
      'Info "upgrading"',
      ...OWN.slice(2).map(short),
      'Info "the upgrade succeeded"',
      'Info "resuming"',
      "RerunFailedRequests :shop",
      "ResumeChannels :shop",
      "ResumeRanchAcceptors :shop",
      'Info "the upgrade is done"',
    ]);
  });

  test("does so too where the relup calls functions of its own in between", () => {
    const call = (what: string) => erlang(`{apply, {shop, ${what}, [1]}}`);
    const up = [...OWN.slice(0, 2), call("one"), ...OWN.slice(2, 3), call("two"), ...OWN.slice(3)];
    const base = { ...BASE, upInstructions: up };
    const order = within([fake("Ours", appendAfterPointOfNoReturn)], base);
    expect(order.slice(1, 6)).toEqual([
      "point_of_no_return",
      ":shop 1",
      "Ours",
      "{suspend,['Elixir.B']}",
      ":shop 1",
    ]);
    expect(order).toHaveLength(up.length + 2); // ours, and the look at the end
  });

  test("leaves the relup's own order and what has a place of its own", () => {
    const two = [...OWN.slice(0, 3), erlang("{suspend, ['Elixir.C']}"), ...OWN.slice(3)];
    const base = { ...BASE, upInstructions: two };
    const after = fake("After");
    const entries: readonly PlanEntry[] = [
      fake("First", insertAfterPointOfNoReturn),
      fake("Ours", appendAfterPointOfNoReturn),
      (lists) => insertAfterInstruction(lists, after.callThis([[]]), two[2] as Instruction),
      { ...after, modifyRelup: (lists) => lists },
    ];
    expect(within(entries, base).slice(1, 7)).toEqual([
      "point_of_no_return",
      "First",
      "{suspend,['Elixir.B']}",
      "After",
      "{suspend,['Elixir.C']}",
      "Ours",
    ]);
    expect(within([fake("Ours", appendAfterPointOfNoReturn)], base).slice(1, 5)).toEqual([
      "point_of_no_return",
      "Ours",
      "{suspend,['Elixir.B']}",
      "{suspend,['Elixir.C']}",
    ]);
  });
});

test("the minimal plan suspends nothing", () => {
  expect(names(outside(MINIMAL))).toEqual([
    "CheckProcessesRunningOldCode",
    "point_of_no_return",
    "install",
    "verify",
  ]);
});

test("what edeliver left in the relup itself is the relup's, and run by the node", () => {
  const theirs = SuspendChannels.callThis([atom("shop")]);
  const up = [...OWN.slice(0, 2), theirs, ...OWN.slice(2)];
  const base = { ...BASE, upInstructions: up, downInstructions: up };
  expect(names(outside(MINIMAL, base))).not.toContain("SuspendChannels");
});

test("an instruction between two of the relup that modify can only run in a relup", () => {
  const between: PlanEntry = (lists) =>
    insertAfterInstruction(lists, fake("Between").callThis([[]]), OWN[3] as Instruction);
  const entries = [between, fake("Between")];
  expect(() => outside(entries)).toThrow(
    expect.objectContaining({
      message: "Between stands between instructions of the relup itself",
      remedy: expect.stringContaining("--in-relup"),
    }),
  );
});

test("what only a relup itself can do is refused from outside, and never done in silence", () => {
  const soft = "{load,{'Elixir.A',soft_purge,brutal_purge}} is in the plan, but not in the relup";
  expect(() => outside([...EDELIVER, SoftPurge])).toThrow(soft);
  expect(() => outside([SoftPurge, ...EDELIVER])).toThrow(UsageError);
  const unknown = defineInstruction({ name: "Test.Unknown", run: async () => undefined });
  const hidden: PlanEntry = (lists, given) => unknown.modifyRelup(lists, given);
  expect(() => outside([hidden])).toThrow("is in the plan, but not in the relup on the node");
  const { upInstructions } = plan([...MINIMAL, SoftPurge], BASE, config);
  const within = stepsWithin(upInstructions, BASE.upInstructions, MINIMAL);
  expect(within.filter(({ type }) => type === "relup")).toHaveLength(OWN.length - 1);
});

test("a plan without what an instruction depends on is refused by name", () => {
  expect(() => plan([SuspendChannels], BASE, config)).toThrow(
    expect.objectContaining({
      message: "SuspendChannels needs CheckRanchAcceptors before it in the plan",
      remedy: "Put CheckRanchAcceptors into the plan, in front of SuspendChannels.",
    }),
  );
  expect(() => plan([ResumeChannels], BASE, config)).toThrow(UsageError);
});

test("a dependency that stands behind is refused", () => {
  const first = fake("First", append);
  const second = defineInstruction({
    name: "Second",
    insertWhere: insertBeforePointOfNoReturn,
    dependencies: [first],
    run: async () => undefined,
  });
  expect(() => plan([first, second], BASE, config)).toThrow(UsageError);
  expect(() => plan([second, first], BASE, config)).toThrow(UsageError);
});

test("each insert function finds its place", () => {
  const entries = [
    fake("Check", insertBeforePointOfNoReturn),
    fake("Late", appendAfterPointOfNoReturn),
    fake("Later", appendAfterPointOfNoReturn),
    fake("First", insertAfterPointOfNoReturn),
    fake("End"),
  ];
  expect(names(outside(entries))).toEqual([
    "Check",
    "point_of_no_return",
    "First",
    "Late",
    "Later",
    "install",
    "End",
    "verify",
  ]);
});

test("Sleep and sections take their arguments in the plan", () => {
  const entries: PlanEntry[] = [
    (lists, given) => Sleep.modifyRelup(lists, given, 2),
    (lists, given) => StartSection.modifyRelup(lists, given, "finished"),
    (lists, given) => StartSection.modifyRelup(lists, given),
  ];
  const { upInstructions } = plan(entries, BASE, config);
  expect(upInstructions.map(short)).toContain("Sleep 2");
  expect(short(upInstructions.at(-1) as Instruction)).toBe('Info "the upgrade is done"');
  const wrong: PlanEntry = (lists, given) =>
    StartSection.modifyRelup(lists, given, "nonsense" as "check");
  expect(() => plan([wrong], BASE, config)).toThrow("there is no section nonsense");
});

test("what an instruction depends on is loaded before it, and unloaded after it on the way down", () => {
  const needed = fake("Needed", insertBeforePointOfNoReturn);
  const needing = defineInstruction({
    name: "Needing",
    insertWhere: insertBeforePointOfNoReturn,
    dependencies: [needed],
    run: async () => undefined,
  });
  const load = tuple(
    atom("load"),
    tuple(atom(needed.module), atom("brutal_purge"), atom("brutal_purge")),
  );
  const remove = tuple(
    atom("remove"),
    tuple(atom(needed.module), atom("brutal_purge"), atom("brutal_purge")),
  );
  const base = {
    ...BASE,
    upInstructions: [...OWN, load],
    downInstructions: [remove, ...OWN],
  };
  const { upInstructions, downInstructions } = plan([needed, needing], base, config);
  const calls = [needed, needing].map((one) => short(one.callThis([[]])));
  const up = upInstructions.map(short);
  expect(up.indexOf(short(load))).toBeLessThan(up.indexOf(calls[0] as string));
  const down = downInstructions.map(short);
  expect(down.indexOf(short(remove))).toBeGreaterThan(down.indexOf(calls[1] as string));
});

function fake(
  name: string,
  insertWhere: RunnableInstruction["insertWhere"] = append,
): RunnableInstruction {
  return defineInstruction({ name, insertWhere, run: async () => undefined }) as never;
}
