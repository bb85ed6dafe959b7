/** What this very process has: an upgrade leaves nothing behind on our side either. */

import { readdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** This process at one moment; memory in bytes, garbage collected. */
export type Controller = Readonly<Record<"handles" | "files" | "heap" | "resident", number>>;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Looks at this process, a few times: what is open for a moment is not counted. */
export async function controller(): Promise<Controller> {
  let [handles, files] = await open();
  for (let look = 0; look < 3; look++) {
    await pause(20);
    const [again, more] = await open();
    [handles, files] = [Math.min(handles, again), Math.min(files, more)];
  }
  collect();
  const { heapUsed: heap, rss: resident } = process.memoryUsage();
  return { handles, files, heap, resident };
}

/** Sockets, pipes and processes; and files, where the system tells. */
async function open(): Promise<[number, number]> {
  const files = await readdir("/proc/self/fd").catch(() => []);
  const handles = process.getActiveResourcesInfo().filter((name) => name.endsWith("Wrap"));
  return [handles.length, files.length];
}
