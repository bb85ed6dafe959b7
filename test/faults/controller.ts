/** A controller to be killed: suspends or freezes and resumes without end, with a guardian or, as the control, without one. */

import { Guardian } from "../../src/guard/index.ts";
import { connect } from "../../src/node/index.ts";
import { atom } from "../../src/term/index.ts";
import { servers } from "../guard/target.ts";

const [name = "", port, state = "", mode = ""] = process.argv.slice(2);
const cookie = process.env["CONTROLLER_COOKIE"] ?? "";
const lease = Number(process.env["CONTROLLER_LEASE"] ?? 5_000);
const node = await connect(name, { cookie, address: { host: "127.0.0.1", port: Number(port) } });
const pids = await servers(node);

if (mode === "bare") {
  console.log("running");
  for (;;) {
    await node.systemMessages(pids, atom("suspend"));
    await node.systemMessages(pids, atom("resume"));
  }
}
const guardian = await Guardian.arm(node, {
  stateDirectory: state,
  lease,
  purpose: "to be killed",
});
guardian.lost.addEventListener("abort", () => {
  console.log(`lost: ${guardian.lost.reason.why}`);
  process.exit(3);
});
console.log("running");
for (;;) {
  if (mode.startsWith("freeze")) await guardian.freeze(pids);
  else await guardian.suspend(pids);
  if (mode.endsWith("hold")) {
    console.log("holding");
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
  await guardian.resume();
  console.log("round");
}
