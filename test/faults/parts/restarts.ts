/** The node is killed and started again under its name while processes are held: nobody may touch the new one's. */

import { Guardian, Journal, recover } from "../../../src/guard/index.ts";
import { atom } from "../../../src/term/index.ts";
import { Target } from "../../guard/target.ts";
import type { OtpSet } from "../../support/index.ts";
import { ensure, errorOf, until } from "../observe.ts";
import { type Part, Tally } from "../part.ts";
import { witness, witnessed } from "../witness.ts";

const PROCESSES = 1_000;

export const restarts: Part = {
  name: "restarts",
  what: "the node is killed and started again under the same name while processes are held",
  async run(context) {
    const tally = new Tally("restarts");
    tally.set("processes", PROCESSES);
    const runs = context.short ? 1 : 5 * context.otps.length;
    for (let run = 0; run < runs; run++) {
      const otp = context.otps[run % context.otps.length] as OtpSet;
      await tally.run(otp, `run ${run}`, () => restart(tally, otp));
    }
    return tally.figures();
  },
};

async function restart(tally: Tally, otp: OtpSet): Promise<void> {
  await using first = await Target.start(otp, PROCESSES);
  const node = await first.connect();
  const guardian = await Guardian.arm(node, { stateDirectory: first.state });
  const { suspended } = await guardian.suspend(await first.servers());
  ensure(suspended.length === PROCESSES, `only ${suspended.length} were suspended`);
  first.process.kill("SIGKILL");
  await first.process.exited;
  const { name, cookie, port } = first.process;
  await using second = await Target.start(otp, PROCESSES, { name, cookie, port });
  await witness(second);
  const fresh = await second.servers();
  const looks = new Set(suspended.map(String));
  tally.add("lookAlike", fresh.filter((pid) => looks.has(String(pid))).length);

  await until(async () => guardian.lost.aborted, "the controller never learned of it");
  const step = await errorOf(guardian.resume());
  ensure(step === "GuardLostError", `the next step gave ${step}`);
  ensure(guardian.lost.reason.why === "link", `it was lost for ${guardian.lost.reason.why}`);
  const report = await guardian.undo();
  ensure(report.leftSuspended === undefined, "it says that it looked");
  await node.close();

  await using journal = await Journal.open(name, first.state);
  const found = await recover(second.node, journal);
  ensure(found.operations.length === 1, `recover found ${found.operations.length} operations`);
  ensure(found.operations[0]?.restarted === true, "recover does not say that it was restarted");
  ensure(found.nothingLeft, "recover says that something is left");
  const again = await Guardian.arm(second.node, { journal });
  await again.disarm();
  const messages = await witnessed(second);
  ensure(messages === 0, `${messages} messages reached processes of the new node`);
  // The witness must see what there is to see, else its zero shows nothing.
  await second.node.systemMessages(fresh.slice(0, 3), atom("resume"));
  const seen = await witnessed(second);
  ensure(seen >= 3, `the witness saw ${seen} of 3 messages`);
}
