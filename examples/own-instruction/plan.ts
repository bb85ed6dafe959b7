/**
 * An instruction of one's own in edeliver's ritual: the upgrade is refused while a process of the shop has too much to do.
 *
 *     beamctl --node shop@host release upgrade 0.2.0 --plan ./plan.ts
 *
 * (Node 22.18 and later run this file as it is; older ones need it compiled.)
 */

import {
  assume,
  bind,
  CheckRanchAcceptors,
  defineInstruction,
  EDELIVER,
  insertBeforePointOfNoReturn,
  matchTuple,
  type PlanEntry,
  type RunnableInstruction,
} from "../../src/instructions/index.ts"; // in a project of yours: "beamctl/instructions"
import {
  type Atom,
  atom,
  bool,
  Pid,
  type Term,
  TRUE,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";

const isPid = (term: Term): term is Pid => term instanceof Pid;
const isNumber = (term: Term): term is number => typeof term === "number";

/** Aborts, before anything is touched, while more than so many messages wait for the counter. The argument is `{Name, Most}`. */
export const CheckCounter: RunnableInstruction<Tuple<readonly [Atom, number]>> = defineInstruction({
  name: "Shop.Relup.CheckCounter",
  insertWhere: insertBeforePointOfNoReturn,
  dependencies: [CheckRanchAcceptors],
  arguments: () => tuple(atom("Elixir.Shop.Counter"), 100),

  async run(context, { items: [name, most] }) {
    const { node } = context;
    const where = await node.call("erlang", "whereis", [name]);
    const { pid } = assume(context, bind("pid", isPid), where, "the counter does not run");
    const info = await node.call("erlang", "process_info", [pid, atom("message_queue_len")]);
    const waiting = matchTuple(atom("message_queue_len"), bind("count", isNumber));
    const { count } = assume(context, waiting, info, "the counter has just ended");
    assume(context, TRUE, bool(count <= most), `${count} messages wait for the counter`);
    context.log("info", `${count} messages wait for the counter, at most ${most} may`);
  },
});

const plan: readonly PlanEntry[] = [...EDELIVER, CheckCounter];

export default plan;
