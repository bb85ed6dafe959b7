/** What edeliver's instructions in a relup print, among the events of an upgrade. */

import type { LocalNode } from "../node/index.ts";
import type { Remote } from "../otp/index.ts";
import { type Instruction, runnableModule } from "../relup/index.ts";
import type { Stages } from "./stages.ts";
import { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";

const INSTRUCTIONS = "Elixir.Edeliver.Relup.Instructions.";

/** Takes the lines of one upgrade, if there is a node of ours that edeliver prints to. */
export class EdeliverOutput implements Disposable {
  readonly #script: UpgradeScript | undefined;
  readonly #stages: Stages;
  #over = false;

  /** @throws UsageError when edeliver would not print to that node of ours */
  constructor(node: Remote, local: LocalNode | undefined, stages: Stages) {
    this.#stages = stages;
    this.#script =
      local && receiveUpgradeScript(local, node.name, (text) => !this.#over && stages.print(text));
    void local?.nodes.get(node.name)?.closed.then((reason) => {
      if (this.#over || reason === undefined) return;
      stages.log("warning", `what the relup prints is not seen any more: ${reason.message}`);
    });
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
    this.#script?.[Symbol.dispose]();
  }
}
