/** What an upgrade instruction is: a named, ordered operation on a live node, and the lists it is put into. */

import type { Guardian } from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import type { Pid } from "../term/index.ts";
import type { Listener } from "../topology/index.ts";

/**
 * One entry of an upgrade's list. `point_of_no_return` divides what only looks from what changes the node;
 * `install` is the release handler evaluating the relup; `verify` reads back what it did.
 */
export type PlanStep =
  | { readonly type: "run"; readonly instruction: Instruction; readonly args: unknown }
  | { readonly type: "point_of_no_return" }
  | { readonly type: "install" }
  | { readonly type: "verify" };

/** The lists of both directions with their versions, as edeliver's struct of the same name has them. */
export interface Instructions {
  readonly upInstructions: readonly PlanStep[];
  readonly downInstructions: readonly PlanStep[];
  /** The version that the upgrade leads to. */
  readonly upVersion: string;
  /** The version that the downgrade leads to. */
  readonly downVersion: string;
  /** The modules that the relup loads. */
  readonly changedModules: readonly string[];
}

/** Puts a step into both lists at the place it is named after. */
export type InsertFun = (instructions: Instructions, step: PlanStep) => Instructions;

/** Which processes of a websocket are suspended. */
export type SuspendTarget = "channels" | "transports" | "both";

/** What the user decided for the whole plan. */
export interface InstructionConfig {
  /** The OTP application that is upgraded. */
  readonly application: string;
  /** Default `channels`: heartbeats go on being answered, so clients stay connected. */
  readonly suspend: SuspendTarget;
  /** Milliseconds that a process may take to accept its suspension. Default 1000. */
  readonly suspendTimeout: number;
  /** Milliseconds that running requests are waited for. Default 500, as in edeliver. */
  readonly drainTimeout: number;
}

/** The defaults of {@link InstructionConfig}, but for the application. */
export const DEFAULT_CONFIG: Omit<InstructionConfig, "application"> = {
  suspend: "channels",
  suspendTimeout: 1000,
  drainTimeout: 500,
};

/** The kinds of lines that an instruction writes. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** What the instructions of one run have found and done, handed from one to the next. */
export interface Facts {
  listeners: readonly Listener[];
  /** Acceptors that ran before we held them, per listener. */
  heldAcceptors: number;
  suspended: readonly Pid[];
  /** When the first process was suspended and the last resumed, in epoch milliseconds. */
  suspendedAt: number | undefined;
  resumedAt: number | undefined;
}

/** What an instruction is given when it runs. */
export interface InstructionContext {
  readonly node: BeamNode;
  readonly config: InstructionConfig;
  readonly facts: Facts;
  readonly signal: AbortSignal | undefined;
  /** The guardian: there only after the point of no return. */
  readonly guardian: Guardian | undefined;
  log(level: LogLevel, text: string): void;
}

/** An upgrade instruction: edeliver's `RunnableInstruction` behaviour, run from outside. */
export interface Instruction<Args = unknown> {
  /** edeliver's name of the module. */
  readonly name: string;
  readonly insertWhere: InsertFun;
  /** Instructions that must stand before this one in the list. */
  readonly dependencies: readonly Instruction[];
  /** The argument that {@link Instruction.run} is given, decided when the plan is made. */
  arguments(instructions: Instructions, config: InstructionConfig): Args;
  /**
   * Does the work. Before the point of no return it changes nothing on the node and may run more than once.
   * @throws InstructionError to abort the upgrade
   */
  run(context: InstructionContext, args: Args): Promise<void>;
}

/** Empty facts, for the start of a run. */
export function noFacts(): Facts {
  return {
    listeners: [],
    heldAcceptors: 0,
    suspended: [],
    suspendedAt: undefined,
    resumedAt: undefined,
  };
}
