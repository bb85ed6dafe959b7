/** One folder for all that a run of the tests writes, removed at its end, also when the run is killed. */

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For vitest: before the workers start, so that `tmpdir()` is this folder in all of them. */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "beamctl-run-"));
  process.env["TMPDIR"] = folder;
  process.env["XDG_STATE_HOME"] = join(folder, "state"); // journals of tests are none of the user's
  // Its input ends with us, however we end.
  const watchdog = spawn("/bin/sh", ["-c", 'cat > /dev/null; sleep 2; rm -rf "$0"', folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  return async () => {
    watchdog.stdin.end();
    await rm(folder, { recursive: true, force: true });
  };
}
