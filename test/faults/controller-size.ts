/** What this very process has: an upgrade leaves nothing behind on our side either. */

import { readdir } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** This process at one moment; memory in bytes, garbage collected. */
export type Controller = Readonly<Record<"handles" | "files" | "heap" | "resident", number>>;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Looks at this process. */
export async function controller(): Promise<Controller> {
  const files = await readdir("/proc/self/fd").catch(() => []); // only Linux tells
  collect();
  const { heapUsed: heap, rss: resident } = process.memoryUsage();
  return { handles: process.getActiveResourcesInfo().length, files: files.length, heap, resident };
}
