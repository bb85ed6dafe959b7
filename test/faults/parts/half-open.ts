/** The link goes silent and nobody is told: no FIN, no reset, every byte acknowledged by a kernel. */

import { Guardian, guardStatus } from "../../../src/guard/index.ts";
import { connect } from "../../../src/node/index.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { ensure, errorOf, recovered, until, untilFree } from "../observe.ts";
import { bound, type Context, type Part, Tally } from "../part.ts";
import { type Run, spread } from "../spread.ts";

const PROCESSES = 10_000;
const MARGIN = 500;

/** What happens to the link; every run beyond the table is half-open in both directions. */
const ODD = ["to node", "cut", "half-close"] as const;

export const halfOpen: Part = {
  name: "half-open",
  what: "the link goes silent in both directions without a FIN; some are cut, or closed by half",
  async run(context) {
    const lease = context.short ? 2_000 : 5_000;
    const tally = new Tally("half-open", bound(context, lease + MARGIN));
    const silent = context.short ? 2 : 50;
    const odd = context.short ? 1 : 4;
    const runs = silent + odd * ODD.length;
    const layout = { part: "half-open", runs, processes: PROCESSES, lanes: 4 };
    tally.set("processes", PROCESSES);
    tally.set("leaseMs", lease);
    const faultOf = (index: number) =>
      index < silent ? "both" : (ODD[(index - silent) % ODD.length] as (typeof ODD)[number]);
    await spread(
      context,
      tally,
      layout,
      (run) => silence(context, tally, run, lease, faultOf(run.index)),
      (index) => `${faultOf(index)}, run ${index}`,
    );
    return tally.figures();
  },
};

async function silence(
  context: Context,
  tally: Tally,
  { target }: Run,
  lease: number,
  fault: "both" | (typeof ODD)[number],
): Promise<void> {
  const { name, cookie, port } = target.process;
  await using proxy = await FaultProxy.start(port);
  const node = await connect(name, { cookie, address: { host: "127.0.0.1", port: proxy.port } });
  try {
    const guardian = await Guardian.arm(node, { stateDirectory: target.state, lease });
    const { suspended } = await guardian.suspend(await target.servers());
    ensure(suspended.length === PROCESSES, `only ${suspended.length} were suspended`);
    if (fault === "cut") proxy.cut();
    else if (fault === "half-close") proxy.halfClose();
    else proxy.stall(fault);
    const from = Date.now();
    const learned = lostAfter(guardian.lost, from);
    const freed = await untilFree(target, from, bound(context, lease + MARGIN));
    const status = await guardStatus(target.node);
    ensure(status?.phase === "done", "the guardian has not undone it");
    // A silent link is known by the lease alone: whatever else undoes it comes later.
    const silent = fault === "both" || fault === "to node";
    ensure(!silent || status.why === "lease", `the guardian undid it for ${status.why}`);
    await until(async () => guardian.lost.aborted, "the controller never learned of it");
    tally.most("learnedMs", await learned);
    tally.add(fault === "both" ? "halfOpen" : fault, 1);
    // It must not hold again, whatever it still believes.
    const again = await errorOf(guardian.suspend(suspended));
    ensure(again === "GuardLostError", `a step after the loss gave ${again}`);
    await node.close();
    await guardian.undo();
    tally.freed(freed);
  } finally {
    await node.close();
  }
  await recovered(target);
}

function lostAfter(lost: AbortSignal, from: number): Promise<number> {
  return new Promise((resolve) => {
    lost.addEventListener("abort", () => resolve(Date.now() - from), { once: true });
  });
}
