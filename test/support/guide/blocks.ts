/** The code of a page of documentation: its fenced blocks. */

import { readFile } from "node:fs/promises";

/** One block. */
export interface Block {
  /** The first word after the fence: `ts`. */
  readonly language: string;
  /** The second one, `file=first.test.ts` or `shop`; empty without one. */
  readonly use: string;
  readonly code: string;
  /** The line that its code begins on. */
  readonly line: number;
}

/** The blocks of a Markdown file, in their order. */
export async function readBlocks(path: string): Promise<Block[]> {
  const text = await readFile(path, "utf8");
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map((found) => ({
    language: found[1] ?? "",
    use: found[2] ?? "",
    code: found[3] ?? "",
    line: text.slice(0, found.index).split("\n").length + 1,
  }));
}

/**
 * The files that they make: `file=NAME` is one of its own, blocks of another use are parts of `USE.test.ts`, in their order, each at the line that it has
 * in the page, so that errors tell where. Blocks without a use are only shown.
 */
export function filesOf(blocks: readonly Block[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const { use, code, line } of blocks) {
    if (use === "") continue;
    const name = use.startsWith("file=") ? use.slice("file=".length) : `${use}.test.ts`;
    const before = files.get(name) ?? "";
    const gap = "\n".repeat(Math.max(0, line - before.split("\n").length));
    files.set(name, before + gap + code);
  }
  return files;
}
