/** Starts a node as a test would, says which, and is killed. */

import { startBeam } from "../../../src/testing/index.ts";

const beam = await startBeam({
  command: [process.argv[2] as string, "-noinput", "-eval", 'io:put_chars(os:getenv("HOME"))'],
  readyWhen: /beamctl-test-/,
});
console.log(JSON.stringify({ pid: beam.pid, home: beam.output().trim() }));
process.kill(process.pid, "SIGKILL");
