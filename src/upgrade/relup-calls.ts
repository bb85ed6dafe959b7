/** A relup that calls us: our instructions run at their very place in it, while the release handler waits. */

import type { PlanStep } from "../instructions/index.ts";
import { thrownBy } from "../instructions/index.ts";
import { type BeamNode, Raise, type Server } from "../node/index.ts";
import { type Remote, whichReleases } from "../otp/index.ts";
import {
  findRelupFile,
  type Instruction,
  type Relup,
  readRelupFile,
  relupTerm,
  restoreRelup,
  withInstructions,
  writeRelup,
} from "../relup/index.ts";
import { Atom, atom, OK, type Term, Tuple, tuple } from "../term/index.ts";
import type { Prepared } from "./prepare.ts";

/** The name of our server; it is in the relup on the node while an upgrade with `inRelup` runs. */
const NAME = "beamctl_relup";

type RunStep = Extract<PlanStep, { readonly type: "run" }>;

/**
 * The calls of one upgrade. The relup on the node is rewritten and given back at the end; if we vanish in between, the next call fails at
 * once (`{nodedown, _}`): before the point of no return the upgrade is refused, after it the node restarts.
 */
export class RelupCalls implements AsyncDisposable {
  readonly #node: BeamNode;
  readonly #version: string;
  readonly #server: Server;
  readonly #written: Relup;
  /** The name of the file that keeps the relup as it was. */
  #backup: string | undefined;
  /** What an instruction threw first: the release handler tells only that something did. */
  failure: unknown;

  private constructor(node: BeamNode, version: string, server: Server, written: Relup) {
    this.#node = node;
    this.#version = version;
    this.#server = server;
    this.#written = written;
  }

  /**
   * Rewrites the relup that the upgrade takes, with a backup beside it, and answers its calls.
   * The release handler waits for one step as long as the install may take; one that takes longer fails the relup there.
   * @param run does one step; what it throws fails the relup at that place
   * @throws RelupError when the file changed meanwhile
   */
  static async open(
    node: BeamNode,
    version: string,
    { path, release, instructions, steps, installTimeout }: Prepared,
    run: (step: RunStep, late: boolean) => Promise<void>,
  ): Promise<RelupCalls> {
    const of = path.direction === "up" ? version : release.version;
    const list = path.direction === "up" ? "upInstructions" : "downInstructions";
    const ours = (step: PlanStep): step is RunStep => step.type === "run";
    const { relup, term } = await readRelupFile(node, of);
    const written = withInstructions(relup, {
      ...path.both,
      [list]: instructions[list].map((instruction, index) =>
        ours(steps[index] as PlanStep) ? callOf(node, index, installTimeout) : instruction,
      ),
    });
    const ponr = steps.findIndex(({ type }) => type === "point_of_no_return");
    const call = async (request: Term): Promise<Term> => {
      const index = indexOf(request);
      const step = steps[index];
      if (step === undefined || !ours(step)) throw new Raise("exit", atom("unknown"));
      try {
        await run(step, index > ponr);
        return OK;
      } catch (error) {
        calls.failure ??= error;
        throw new Raise("exit", thrownBy(error));
      }
    };
    const calls = new RelupCalls(node, of, node.serve(NAME, { call }), written);
    try {
      const { backup } = await writeRelup(node, of, written, { expected: term });
      calls.#backup = backup?.replace(/.*\//, "");
    } catch (error) {
      calls.#server.close();
      throw error;
    }
    return calls;
  }

  /**
   * Gives the relup back as it was, unless somebody put one there that calls nobody. Where the node cannot be asked, `beamctl relup restore`
   * does it later.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    const { relup } = await readRelupFile(this.#node, this.#version);
    const lists = [...relup.up, ...relup.down].flatMap(({ instructions }) => instructions);
    if (!lists.some((one) => calledBy(one) !== undefined)) return;
    // Ours calls nobody any more: kept, there would be one more file with each upgrade.
    const discard = relupTerm(this.#written);
    await restoreRelup(this.#node, this.#version, this.#backup, { discard });
  }
}

/** The versions whose relup calls a run with `inRelup`, under way or broken off: `relup restore` gives each back. Read-only. */
export async function callingVersions(remote: Remote): Promise<string[]> {
  const found: string[] = [];
  for (const { version } of await whichReleases(remote)) {
    const read = await findRelupFile(remote, version);
    const lists = read === undefined ? [] : [...read.relup.up, ...read.relup.down];
    if (
      lists.flatMap(({ instructions }) => instructions).some((one) => calledBy(one) !== undefined)
    )
      found.push(version);
  }
  return found;
}

/** The node of ours whose server an instruction calls, of this run or of another one; `undefined` when it calls none. */
export function calledBy(instruction: Instruction): string | undefined {
  const [tag, call] = instruction instanceof Tuple ? instruction.items : [];
  const [, , args] = tag === atom("apply") && call instanceof Tuple ? call.items : [];
  const [server] = Array.isArray(args) ? (args as readonly Term[]) : [];
  const [name, node] = server instanceof Tuple ? server.items : [];
  if (!(name instanceof Atom) || name.name !== NAME) return undefined;
  return node instanceof Atom ? node.name : "";
}

/** `{apply, {gen_server, call, [{beamctl_relup, Node}, {run, Index}, Timeout]}}`. */
function callOf(node: BeamNode, index: number, timeout: number): Instruction {
  const server = tuple(atom(NAME), atom(node.localName));
  const args = [server, tuple(atom("run"), index), Math.ceil(timeout)];
  return tuple(atom("apply"), tuple(atom("gen_server"), atom("call"), args));
}

function indexOf(request: Term): number {
  const [, index] = request instanceof Tuple ? request.items : [];
  return typeof index === "number" ? index : -1;
}
