/** A list of instructions in words, with what is dangerous about each where it stands. */

import { HIGH_LEVEL } from "./high-level-words.ts";
import { pointOfNoReturn } from "./insert.ts";
import { type Instruction, partsOf } from "./instruction.ts";
import { LOW_LEVEL } from "./low-level-words.ts";
import { type RelupSummary, summaryOf } from "./summary.ts";
import { Walk } from "./walk.ts";
import { both, elements, type Surroundings, short, type Words } from "./words.ts";

/** One instruction, explained. */
export interface RelupRow {
  readonly instruction: Instruction;
  /** `before` runs at the check and again at the install; `after` is the point of no return and all that follows it. */
  readonly phase: "before" | "after";
  /** The instruction's name in relup(4) or appup(4), or `unknown`. */
  readonly kind: string;
  /** The modules that it names, as full names. */
  readonly modules: readonly string[];
  readonly text: string;
  /** Whether the release handler refuses it at its check, before anything is done; `danger` begins with why. */
  readonly refused: boolean;
  /** What it can cost, or why it cannot work where it stands. */
  readonly danger?: string;
}

/** The rows of a list and their sum. */
export interface RelupExplanation {
  readonly rows: readonly RelupRow[];
  readonly summary: RelupSummary;
}

/**
 * Explains every instruction of relup(4), those of appup(4), and edeliver's own by their names. What the release handler would refuse,
 * or fail at, where it stands is a danger of that row. Without a point of no return all is `after` it, as the release handler has it.
 */
export function explainRelup(instructions: readonly Instruction[]): RelupExplanation {
  const last = pointOfNoReturn(instructions);
  const border = last === instructions.length ? 0 : last;
  const around = new Walk(instructions);
  const rows = instructions.map((instruction, index) => {
    const row = rowOf(instruction, index, index < border ? "before" : "after", around.at(index));
    around.pass(row.kind, row.modules);
    return row;
  });
  return { rows, summary: summaryOf(rows) };
}

const REFUSED = "the release handler refuses";

function rowOf(
  instruction: Instruction,
  index: number,
  phase: "before" | "after",
  around: Surroundings,
): RelupRow {
  const { tag, args } = partsOf(instruction);
  const known = Object.hasOwn(LOW_LEVEL, tag) ? LOW_LEVEL[tag] : undefined;
  const high = Object.hasOwn(HIGH_LEVEL, tag) ? HIGH_LEVEL[tag] : undefined;
  const words = (known ?? high)?.(args, around);
  const kind = known === undefined && high === undefined ? "unknown" : tag;
  const refusal =
    phase === "after"
      ? refusedAfter(instruction, index)
      : refusedBefore(kind, index, known !== undefined && words !== undefined);
  const danger = both(
    refusal,
    refusal === undefined && words === undefined
      ? "it is malformed: executing it is likely to fail, and a failure restarts the node"
      : words?.danger,
    refusal === undefined && phase === "before" ? changesAtCheck(kind) : undefined,
  );
  const said: Words = words ?? {
    modules: [],
    text: `${kind === "unknown" ? "unknown" : "malformed"} instruction ${short(instruction)}`,
  };
  const { modules, text } = said;
  const row = { instruction, phase, kind, modules, text, refused: refusal !== undefined };
  return danger === undefined ? row : { ...row, danger };
}

// What OTP's syntax check lets pass behind the point of no return; it looks at little more than the name.
const AFTER: Readonly<Record<string, readonly number[]>> = {
  point_of_no_return: [0],
  restart_emulator: [0],
  ...Object.fromEntries(["load", "remove", "apply"].map((tag) => [tag, [1]])),
  ...Object.fromEntries(["purge", "suspend", "resume", "stop", "start"].map((tag) => [tag, [1]])),
  code_change: [1, 2],
  sync_nodes: [2],
};

function refusedAfter(instruction: Instruction, index: number): string | undefined {
  const { tag, args } = partsOf(instruction);
  if (tag === "restart_new_emulator" && index === 0) return undefined;
  const sizes = Object.hasOwn(AFTER, tag) ? AFTER[tag] : undefined;
  const whole = !["load", "remove", "apply"].includes(tag) || elements(args[0], 3).length > 0;
  if (sizes?.includes(args.length) === true && whole) return undefined;
  if (tag === "restart_new_emulator") return `${REFUSED} it anywhere but in the first place`;
  return `${REFUSED} it after the point of no return`;
}

function refusedBefore(kind: string, index: number, sound: boolean): string | undefined {
  if (kind === "restart_new_emulator" && index > 0) {
    return `${REFUSED} it anywhere but in the first place`;
  }
  if (kind === "restart_emulator") return `${REFUSED} it before the point of no return`;
  return sound ? undefined : `${REFUSED} it: its check fails here`;
}

function changesAtCheck(kind: string): string | undefined {
  return ["load_object_code", "apply", "restart_new_emulator", "sync_nodes"].includes(kind)
    ? undefined
    : "it stands before the point of no return: the mere check executes it, too";
}
