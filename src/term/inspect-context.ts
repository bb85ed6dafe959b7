/** What printing needs in both syntaxes: the node that is looked at, and the bounds. */

import type { Doc } from "./layout.ts";
import { PRINTED_CHARACTERS } from "./limits.ts";
import { escapeErlang } from "./printable.ts";
import type { Pid, Port, Reference } from "./values.ts";

/** What stays the same while one term is printed. */
export interface InspectContext {
  readonly node: string | undefined;
  /** Whether long text is cut. */
  readonly cutText: boolean;
}

/** The inside of `<...>` of a pid, reference or port: 0 stands for the node that is looked at. */
export function identity(
  value: Pid | Reference | Port,
  numbers: string,
  context: InspectContext,
): string {
  const { name } = value.node;
  if (context.node === undefined || context.node === name) return `0.${numbers}`;
  // A peer chooses its name: whatever is strange in it is shown quoted and escaped.
  return `${/^[\w@.-]+$/.test(name) ? name : `'${escapeErlang(name, "'")}'`}.${numbers}`;
}

/** The words of a reference, highest first, as both languages print them. */
export function referenceWords(reference: Reference): string {
  return reference.ids.toReversed().join(".");
}

/** The docs of at most `limit` items, and whether some were left out. Each item may show as many as are left after it. */
export function shown<Item>(
  items: Iterable<Item>,
  limit: number,
  print: (item: Item, limit: number) => Doc,
): { docs: Doc[]; cut: boolean } {
  const docs: Doc[] = [];
  for (const item of items) {
    if (docs.length >= limit) return { docs, cut: true };
    docs.push(print(item, limit - docs.length - 1));
  }
  return { docs, cut: false };
}

/** The part of a long text that is shown, or `undefined` when all of it is. */
export function cutText(text: string, context: InspectContext): string | undefined {
  if (!context.cutText || text.length <= PRINTED_CHARACTERS) return undefined;
  const cut = text.slice(0, PRINTED_CHARACTERS);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
