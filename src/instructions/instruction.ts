/** What an instruction is: edeliver's behaviours `Instruction` and `RunnableInstruction`, run from outside. */

import type { Guardian } from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import type { SupervisedProcess } from "../otp/index.ts";
import type { InsertFun, Instruction, Instructions } from "../relup/index.ts";
import type { Pid, Term } from "../term/index.ts";
import { type Listener, SocketsSeen } from "../topology/index.ts";
import type { Config, InstructionConfig } from "./config.ts";

/** The kinds of lines that an instruction writes. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** A process of a websocket that we hold. */
export interface HeldSocket {
  readonly pid: Pid;
  readonly group: "channels" | "transports";
  /** The process of its websocket, or of its session of long polling; itself, when it is one. */
  readonly transport: Pid;
}

/** What the instructions of one run have found and done, handed from one to the next. */
export interface Facts {
  /** What the looks at the sockets have seen: with much held only what is new since is examined. */
  readonly seen: SocketsSeen;
  /** The listeners that {@link InstructionConfig.listeners} chooses, as they were before anything was stopped. */
  listeners: readonly Listener[];
  /** Acceptors that ran before we stopped them, over all listeners. */
  heldAcceptors: number;
  suspended: readonly Pid[];
  /** Of these, whose they are. */
  sockets: readonly HeldSocket[];
  /** When the first process was suspended and the last resumed, in epoch milliseconds. */
  suspendedAt: number | undefined;
  resumedAt: number | undefined;
  /** Processes of changed modules that we hold, to change their state. */
  appProcesses: readonly SupervisedProcess[];
  /** Those of them that were not held already. */
  appSuspended: readonly Pid[];
  /** By module the version that was loaded before, for their `code_change`. */
  oldVersions: ReadonlyMap<string, Term>;
  /** Requests that were told of the upgrade, to be told of its end. */
  notified: readonly Pid[];
}

/** What an instruction is given when it runs. */
export interface InstructionContext {
  /** The name of the instruction that runs. */
  readonly instruction: string;
  readonly node: BeamNode;
  readonly config: InstructionConfig;
  readonly facts: Facts;
  readonly signal: AbortSignal | undefined;
  /** The guardian: there only after the point of no return. */
  readonly guardian: Guardian | undefined;
  /** Whether the release handler waits for us in the middle of an install: the relup called us. */
  readonly duringInstall: boolean;
  /** Writes a line in our output, with the prefix of its level, and in the node's own log. */
  log(level: LogLevel, text: string): void;
  /** Writes text in our output only, as it is: what edeliver prints in the upgrade script. */
  print(text: string): void;
}

/** What puts itself into the lists of a relup: edeliver's behaviour `Edeliver.Relup.Instruction`. */
export interface RelupModifier {
  /** edeliver's name of the module, without its namespace. */
  readonly name: string;
  /** `modify_relup/2`: the lists with this instruction in them. */
  modifyRelup(instructions: Instructions, config: Config): Instructions;
}

/** An instruction with work to do: edeliver's behaviour `Edeliver.Relup.RunnableInstruction`. Made by {@link defineInstruction}. */
export interface RunnableInstruction<Args extends Term = Term> extends RelupModifier {
  /** The module that a relup names, as `Elixir.Edeliver.Relup.Instructions.Sleep`. */
  readonly module: string;
  /** `insert_where/0`: where in a list it goes. */
  readonly insertWhere: InsertFun;
  /** `arguments/2`: the one argument of {@link run}, a term, decided when the plan is made. */
  arguments(instructions: Instructions, config: Config): Args;
  /** `dependencies/0`: instructions that must stand before this one. */
  dependencies(): readonly RunnableInstruction[];
  /** `call_this/1`: the instruction of the relup that runs this one, `{apply, {Module, run, [Argument]}}`. */
  callThis(args: readonly [Args]): Instruction;
  /**
   * `run/1`: does the work. Before the point of no return it changes nothing on the node and runs more than once.
   * @throws InstructionError to abort the upgrade
   */
  run(context: InstructionContext, args: Args): Promise<void>;
}

/** One thing that is done, in the order it is done from outside. */
export type PlanStep =
  | {
      readonly type: "run";
      readonly instruction: RunnableInstruction;
      readonly args: Term;
    }
  | { readonly type: "point_of_no_return" | "install" | "verify" }
  /** One of the relup's own, among which ours stand when the relup calls us. */
  | { readonly type: "relup"; readonly instruction: Instruction };

/**
 * Empty facts, for the start of a run.
 * @example
 * import { type InstructionContext, noFacts } from "beamctl/instructions";
 *
 * const fresh: InstructionContext = { ...context, facts: noFacts() };
 */
export function noFacts(): Facts {
  return {
    seen: new SocketsSeen(),
    listeners: [],
    heldAcceptors: 0,
    suspended: [],
    sockets: [],
    suspendedAt: undefined,
    resumedAt: undefined,
    appProcesses: [],
    appSuspended: [],
    oldVersions: new Map(),
    notified: [],
  };
}
