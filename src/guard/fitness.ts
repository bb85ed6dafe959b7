/** Whether a node can run a guardian at all, found out before one is started. */

import type { BeamNode } from "../node/index.ts";
import { Atom, atom, inspect, Pid, type Term, Tuple } from "../term/index.ts";
import { GuardUnfitError } from "./errors.ts";
import { GUARD_NAME } from "./guardian-source.ts";

const PATIENCE = 5_000;

/** A timer server that lives answers within microseconds. */
const TIMER_PATIENCE = 2_000;

/** What the guardian's text is scanned, parsed and evaluated with, and what it calls; each seen to be needed on OTP 23, 25 and 29. */
const MODULES = [
  ...["erl_scan", "erl_parse", "erl_anno", "erl_eval", "erl_lint", "erl_internal"],
  ...["orddict", "ordsets", "gb_sets", "sets", "io_lib", "timer", "supervisor"],
];

/**
 * Makes sure that a guardian and its backstop can work on this node. Loads those modules of stdlib that are not yet loaded, and arms and
 * cancels one timer.
 * @throws GuardUnfitError naming what is missing
 */
export async function mustBeFit(node: BeamNode): Promise<void> {
  const missing = await missingModules(node);
  if (missing.length > 0) {
    throw new GuardUnfitError(node.name, missing, `the node cannot load ${missing.join(", ")}`, {
      remedy: "Run a release that has all of stdlib, or wait until its upgrade has ended.",
    });
  }
  if (!(await hasTimers(node))) {
    throw new GuardUnfitError(
      node.name,
      ["timer_server"],
      "the node's timer server arms no timer",
      {
        remedy: "Without a backstop nothing is suspended: look at timer_server on the node.",
      },
    );
  }
}

/** The error for a name that something else has; `undefined` when a guardian has it, or nobody. */
export async function nameTaken(node: BeamNode): Promise<GuardUnfitError | undefined> {
  const holder = await node.call("erlang", "whereis", [atom(GUARD_NAME)]);
  if (holder instanceof Atom) return undefined;
  const began =
    holder instanceof Pid
      ? await node.call("erlang", "process_info", [holder, atom("initial_call")])
      : undefined;
  if (began === atom("undefined")) return undefined; // it has ended just now
  const [, call] = began instanceof Tuple ? began.items : [];
  const [module, name] = call instanceof Tuple ? call.items : [];
  if (module === atom("erl_eval") && name === atom("exprs")) return undefined;
  const what = `the name ${GUARD_NAME} belongs to ${inspect(holder)}, which is no guardian`;
  return new GuardUnfitError(node.name, [GUARD_NAME], what, {
    remedy: "A guardian needs that name: something else on the node must not have it.",
  });
}

async function missingModules(node: BeamNode): Promise<string[]> {
  const names = MODULES.map((name) => atom(name));
  const options = { timeout: PATIENCE };
  const answer = await node.call("code", "ensure_modules_loaded", [names], options);
  const [, list] = answer instanceof Tuple ? answer.items : [];
  if (!Array.isArray(list)) return [];
  return (list as readonly Term[])
    .map((item) => (item instanceof Tuple ? item.items[0] : undefined))
    .filter((name) => name instanceof Atom)
    .map(({ name }) => name)
    .sort();
}

/** A timer server that is gone, or does not answer, arms no backstop. The timer would do nothing. */
async function hasTimers(node: BeamNode): Promise<boolean> {
  try {
    const call = [60_000, atom("erlang"), atom("self"), []];
    const answer = await node.call("timer", "apply_after", call, { timeout: TIMER_PATIENCE });
    const [tag, timer] = answer instanceof Tuple ? answer.items : [];
    if (tag !== atom("ok") || timer === undefined) return false;
    await node.call("timer", "cancel", [timer], { timeout: TIMER_PATIENCE });
    return true;
  } catch (error) {
    if (isNodeDown(error)) throw error;
    return false;
  }
}

function isNodeDown(error: unknown): boolean {
  return (error as { code?: string }).code === "BEAM_NODE_DOWN";
}
