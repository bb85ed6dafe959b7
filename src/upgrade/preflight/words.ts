/** How findings name what they are about. */

import type { RunnableInstruction } from "../../instructions/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import type { UpgradeOptions } from "../events.ts";

/** The first few of a list, and how many more there are. `count`: of all, where only some are in the list. */
export function few(items: readonly unknown[], count: number = items.length, most = 5): string {
  const shown = items.slice(0, most).map(String);
  const rest = count - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** `1 process`, `2 processes`. */
export function number(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Modules by the names that people write. */
export function labels(modules: readonly string[], most = 5): string {
  return few(modules.map(moduleLabel), modules.length, most);
}

/** Whether a plan of the user's own names this instruction. */
export function plans({ plan }: UpgradeOptions, instruction: RunnableInstruction): boolean {
  return typeof plan === "object" && plan.includes(instruction);
}
