import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  changes,
  checks,
  DEFAULT_CONFIG,
  type Instruction,
  insertAfterPointOfNoReturn,
  insertBeforePointOfNoReturn,
  PLANS,
  type PlanStep,
  plan,
  ResumeChannels,
  SuspendChannels,
} from "../../src/instructions/index.ts";

const config = { application: "shop", ...DEFAULT_CONFIG };
const versions = { up: "0.2.0", down: "0.1.0", changedModules: ["Elixir.Shop.Counter"] };
const names = (steps: readonly PlanStep[]) =>
  steps.map((step) => (step.type === "run" ? step.instruction.name : step.type));

describe("the edeliver plan", () => {
  const made = plan(PLANS.edeliver, versions, config);

  test("has edeliver's order in both directions", () => {
    const order = [
      "CheckProcessesRunningOldCode",
      "CheckRanchAcceptors",
      "CheckRanchConnections",
      "point_of_no_return",
      "SuspendRanchAcceptors",
      "SuspendChannels",
      "FinishRunningRequests",
      "install",
      "verify",
      "ResumeChannels",
      "ResumeRanchAcceptors",
    ];
    expect(names(made.upInstructions)).toEqual(order);
    expect(names(made.downInstructions)).toEqual(order);
  });

  test("divides what looks from what changes", () => {
    expect(names(checks(made.upInstructions))).toHaveLength(3);
    expect(names(changes(made.upInstructions))[0]).toBe("SuspendRanchAcceptors");
  });

  test("gives each instruction the arguments that edeliver gives it", () => {
    const args = Object.fromEntries(
      made.upInstructions.flatMap((step) =>
        step.type === "run" ? [[step.instruction.name, step.args]] : [],
      ),
    );
    expect(args["CheckProcessesRunningOldCode"]).toEqual(["Elixir.Shop.Counter"]);
    expect(args["CheckRanchAcceptors"]).toBe("shop");
    expect(args["FinishRunningRequests"]).toEqual({ application: "shop", timeout: 500 });
  });
});

test("the minimal plan suspends nothing", () => {
  expect(names(plan(PLANS.minimal, versions, config).upInstructions)).toEqual([
    "CheckProcessesRunningOldCode",
    "point_of_no_return",
    "install",
    "verify",
  ]);
});

test("a plan without what an instruction depends on is refused by name", () => {
  expect(() => plan([SuspendChannels as Instruction], versions, config)).toThrow(
    expect.objectContaining({
      message: "SuspendChannels needs CheckRanchAcceptors before it in the plan",
      remedy: "Put CheckRanchAcceptors into the plan, in front of SuspendChannels.",
    }),
  );
  expect(() => plan([ResumeChannels as Instruction], versions, config)).toThrow(UsageError);
});

test("a dependency that stands behind is refused", () => {
  const first: Instruction = { ...fake("First"), insertWhere: append };
  const second = { ...fake("Second"), dependencies: [first] };
  expect(() => plan([first, second], versions, config)).toThrow(UsageError);
  expect(() => plan([second, first], versions, config)).toThrow(UsageError);
});

test("each insert function finds its place", () => {
  const made = plan(
    [
      { ...fake("Check"), insertWhere: insertBeforePointOfNoReturn },
      { ...fake("Late"), insertWhere: appendAfterPointOfNoReturn },
      { ...fake("Later"), insertWhere: appendAfterPointOfNoReturn },
      { ...fake("First"), insertWhere: insertAfterPointOfNoReturn },
      { ...fake("End"), insertWhere: append },
    ],
    versions,
    config,
  );
  expect(names(made.upInstructions)).toEqual([
    "Check",
    "point_of_no_return",
    "First",
    "Late",
    "Later",
    "install",
    "verify",
    "End",
  ]);
});

function fake(name: string): Instruction {
  return {
    name,
    insertWhere: insertBeforePointOfNoReturn,
    dependencies: [],
    arguments: () => undefined,
    run: async () => undefined,
  };
}
