/** A scope of `pg`, joined from outside: our process is a peer of the scope's, as that of another node is. */

import type { BeamNode } from "../../node/index.ts";
import { atom, equals, inspect, Pid, tuple } from "../../term/index.ts";
import { TopologyError } from "../../topology/index.ts";
import { nodeOf, owned, type Target } from "../target.ts";
import { type PgOptions, PgScope } from "./pg-scope.ts";

/**
 * Joins a `pg` scope as a peer: tells of the groups that processes of the node are in, as they come and go, and lets processes of ours join groups,
 * to which the node's processes then send as to any member. No code runs on the node, also over a hidden link. All is undone when it is disposed
 * of or the link is gone, since the scope watches our process.
 *
 * The node tells of its own processes alone, as `pg` does; those of other nodes are told by their nodes. Who takes a member of the group at random
 * on that node may take ours. Safe on a busy node: joining costs the scope a list of its groups. OTP: pg.
 *
 * @example
 * import { atom } from "beamctl/term";
 * import { pg } from "beamctl/testing";
 *
 * await using scope = await pg(node, "shop");
 * const member = await scope.join(atom("orders"));
 * await node.call("pg", "get_members", [atom("shop"), atom("orders")]); // [member.pid]
 * @throws TopologyError when no such scope runs on the node
 * @throws TimeoutError NodeDownError
 */
export async function pg(target: Target, scope: string, options: PgOptions = {}): Promise<PgScope> {
  const node = nodeOf(target);
  const { timeout = 5_000 } = options;
  const pid = await scopeProcess(node, scope, timeout);
  const joined = new PgScope(node, scope, pid, options);
  try {
    await joined.settled();
    return owned(target, joined);
  } catch (error) {
    await joined[Symbol.asyncDispose]();
    throw error;
  }
}

// From OTP 29 on the scope's process runs data_publisher, with pg as its callback module.
const SCOPES = [tuple(atom("pg"), atom("init"), 1), tuple(atom("data_publisher"), atom("init"), 1)];

/** The scope's process. Made sure of, since another one may end over a message that it does not know. */
async function scopeProcess(node: BeamNode, scope: string, timeout: number): Promise<Pid> {
  const found = await node.call("erlang", "whereis", [atom(scope)], { timeout });
  if (found instanceof Pid) {
    const call = await node.call("proc_lib", "translate_initial_call", [found], { timeout });
    const owner = await node.call("ets", "info", [atom(scope), atom("owner")], { timeout });
    if (SCOPES.some((known) => equals(call, known)) && equals(owner, found)) return found;
  }
  throw new TopologyError(`${node.name} runs no pg scope ${scope}`, {
    node: node.name,
    remedy: `Start it there with pg:start_link(${inspect(atom(scope), { syntax: "erlang" })}), or check the name.`,
  });
}
