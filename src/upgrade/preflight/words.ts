/** How findings name what they are about. */

import { moduleLabel } from "../../relup/index.ts";

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
