/** What edeliver's instructions in a relup print, among the events of an upgrade. */

import type { BeamError } from "../errors.ts";
import type { BeamNode, LocalNode } from "../node/index.ts";
import type { Remote } from "../otp/index.ts";
import { type Instruction, runnableModule } from "../relup/index.ts";
import type { Stages } from "./stages.ts";
import { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";

const INSTRUCTIONS = "Elixir.Edeliver.Relup.Instructions.";

/** Takes the lines of one upgrade, if there is a node of ours that edeliver prints to. */
export class EdeliverOutput implements Disposable {
  readonly #script: UpgradeScript | undefined;
  readonly #stages: Stages;
  readonly #watch: Disposable | undefined;
  #over = false;

  /** @throws UsageError when edeliver would not print to that node of ours */
  constructor(node: Remote, local: LocalNode | undefined, stages: Stages) {
    this.#stages = stages;
    this.#script =
      local && receiveUpgradeScript(local, node.name, (text) => !this.#over && stages.print(text));
    const link = local?.nodes.get(node.name);
    if (link === undefined) return;
    this.#watch = watch(link, ({ message }) =>
      stages.log("warning", `what the relup prints is not seen any more: ${message}`),
    );
  }

  /** Says what cannot be seen: the instructions of edeliver's that print, when nobody takes their lines. */
  announce(instructions: readonly Instruction[]): void {
    if (this.#script !== undefined) return;
    const names = new Set<string>();
    for (const instruction of instructions) {
      const { name = "" } = runnableModule(instruction) ?? {};
      if (name.startsWith(INSTRUCTIONS)) names.add(name.slice(INSTRUCTIONS.length));
    }
    if (names.size === 0) return;
    const which = [...names].join(", ");
    const how = "--edeliver-output (`edeliverOutput` in the library) shows what they print";
    this.#stages.log("info", `the relup runs edeliver's ${which}; ${how}`);
  }

  /** Does work in which the release handler runs instructions; when it ends, all that they printed has come. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await this.#script?.settled();
    }
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#watch?.[Symbol.dispose]();
    this.#script?.[Symbol.dispose]();
  }
}

type Lost = (reason: BeamError) => void;

// A promise keeps all that was ever chained to it, and a link may live through many upgrades: each is told by one set.
const watched = new WeakMap<BeamNode, Set<Lost>>();

/** Tells when the link is lost, until it is disposed of. */
function watch(link: BeamNode, lost: Lost): Disposable {
  let told = watched.get(link);
  if (told === undefined) {
    const all: Set<Lost> = (told = new Set());
    watched.set(link, all);
    void link.closed.then((reason) => {
      if (reason !== undefined) for (const one of all) one(reason);
    });
  }
  const listeners = told;
  listeners.add(lost);
  return { [Symbol.dispose]: () => void listeners.delete(lost) };
}
