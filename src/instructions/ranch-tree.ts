/** The functions of the two checks that lead from an application to its acceptors and connections: edeliver's names, today's trees. */

import { pidKey } from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import { Answer, runScript, Script, whichChildren } from "../otp/index.ts";
import { Atom, atom, bool, type Pid, type Term, TRUE, Tuple } from "../term/index.ts";
import {
  detectSockets,
  type Endpoint,
  endpoints,
  type Listener,
  listeners,
} from "../topology/index.ts";
import { assume } from "./assume.ts";
import type { InstructionContext } from "./instruction.ts";

/** What these need of the context. */
export type LookContext = Pick<InstructionContext, "instruction" | "log"> & {
  readonly node: BeamNode;
};

/** A child of a supervisor: edeliver works with the ids alone, but those of connections are all equal. */
export interface ChildId {
  readonly id: Term;
  /** `undefined` for an acceptor that is terminated. */
  readonly pid: Pid | undefined;
}

/**
 * `endpoint/1`: the Phoenix endpoint of the application, known by what its module exports.
 * @throws InstructionError when there is none, or several, or it does not run
 * @example
 * import { endpoint } from "beamctl/instructions";
 *
 * const { module, pid } = await endpoint(context, "shop"); // Elixir.Shop.Endpoint
 */
export async function endpoint(context: LookContext, application: string): Promise<Endpoint> {
  const found = await endpoints(context.node, application);
  const names = found.map(({ module }) => module).join(", ");
  assumeThat(context, found.length > 0, `no Phoenix endpoint was found in ${application}`);
  assumeThat(context, found.length === 1, `${application} has several endpoints: ${names}`);
  const [one] = found as [Endpoint];
  assumeThat(context, one.pid !== undefined, `the endpoint ${one.module} does not run`);
  return one;
}

/**
 * `ranch_listener_sup/1`: the supervisor of the application's listener, on whichever stack.
 * @throws InstructionError when there is none, or there are several: then use {@link listeners}
 * @example
 * import { ranchListenerSup } from "beamctl/instructions";
 *
 * const listener = await ranchListenerSup(context, "shop");
 */
export async function ranchListenerSup(context: LookContext, application: string): Promise<Pid> {
  const own = (await listeners(context.node)).filter((found) => found.application === application);
  const names = own.map(({ name }) => name).join(", ");
  assumeThat(context, own.length > 0, `no listener of ${application} was found`);
  assumeThat(context, own.length === 1, `${application} has several listeners: ${names}`);
  return (own as [Listener])[0].supervisors.listener;
}

/**
 * `ranch_acceptors_sup/1`: the supervisor of its acceptors; for Thousand Island that of all their supervisors.
 * @throws InstructionError when it is not there: the listener is suspended
 * @example
 * import { ranchAcceptorsSup, ranchListenerSup } from "beamctl/instructions";
 *
 * const supervisor = await ranchAcceptorsSup(context, await ranchListenerSup(context, "shop"));
 */
export async function ranchAcceptorsSup(context: LookContext, listenerSup: Pid): Promise<Pid> {
  const supervisor = (await listenerOf(context, listenerSup)).supervisors.acceptors;
  assumeThat(context, supervisor !== undefined, "the supervisor of the acceptors does not run");
  return supervisor as Pid;
}

/**
 * `ranch_acceptors/1`: the acceptors below this supervisor, running or not.
 * @throws InstructionError when there is none
 * @example
 * import { ranchAcceptors, ranchAcceptorsSup, ranchListenerSup } from "beamctl/instructions";
 *
 * const supervisor = await ranchAcceptorsSup(context, await ranchListenerSup(context, "shop"));
 * const running = (await ranchAcceptors(context, supervisor)).filter(({ pid }) => pid !== undefined);
 */
export async function ranchAcceptors(context: LookContext, acceptorsSup: Pid): Promise<ChildId[]> {
  const found = (await listeners(context.node)).find(
    ({ supervisors }) => String(supervisors.acceptors) === String(acceptorsSup),
  );
  const acceptors = found?.acceptors.map(({ id, pid }) => ({ id, pid })) ?? [];
  assumeThat(context, acceptors.length > 0, `${acceptorsSup} has no acceptors`);
  return acceptors;
}

/**
 * `ranch_connections_sup/1`: the child of the listener's supervisor below which the connections are: `ranch_conns_sup`, `ranch_conns_sup_sup`
 * from Ranch 2 on, or Thousand Island's pool.
 * @throws InstructionError when it is not there; it is logged too
 * @example
 * import { ranchConnectionsSup, ranchListenerSup } from "beamctl/instructions";
 *
 * const supervisor = await ranchConnectionsSup(context, await ranchListenerSup(context, "shop"));
 */
export async function ranchConnectionsSup(context: LookContext, listenerSup: Pid): Promise<Pid> {
  await listenerOf(context, listenerSup); // anything else could be a connection, and some end at a question
  const children = await whichChildren(context.node, listenerSup);
  const found = children.find(({ id }) => isConnectionsSup(id));
  assumeThat(
    context,
    found?.pid !== undefined,
    `no supervisor of connections below ${listenerSup}`,
  );
  return found?.pid as Pid;
}

function isConnectionsSup(id: Term): boolean {
  return id instanceof Atom && CONNECTIONS.has(id.name);
}

const CONNECTIONS = new Set(["ranch_conns_sup", "ranch_conns_sup_sup", "acceptor_pool_supervisor"]);

/**
 * `ranch_connections/1`: the connections below this supervisor, with the ids that the tree shows. Only supervisors are asked; no connection
 * is sent a message.
 * @throws InstructionError when it is no supervisor of connections
 * @example
 * import { ranchConnections, ranchConnectionsSup, ranchListenerSup } from "beamctl/instructions";
 *
 * const supervisor = await ranchConnectionsSup(context, await ranchListenerSup(context, "shop"));
 * const pids = (await ranchConnections(context, supervisor)).flatMap(({ pid }) => pid ?? []);
 */
export async function ranchConnections(
  context: LookContext,
  connectionsSup: Pid,
): Promise<ChildId[]> {
  const found = await listeners(context.node);
  const tops = await Promise.all(
    found.map(({ supervisors }) => whichChildren(context.node, supervisors.listener)),
  );
  const known = [
    ...tops.flat().flatMap(({ id, pid }) => (isConnectionsSup(id) ? [pid] : [])),
    ...found.flatMap(({ supervisors }) => supervisors.connections),
  ];
  const fits = known.some((pid) => String(pid) === String(connectionsSup));
  assumeThat(context, fits, `${connectionsSup} is no supervisor of connections`);
  return below(context, connectionsSup);
}

async function below(context: LookContext, supervisor: Pid): Promise<ChildId[]> {
  const children = await whichChildren(context.node, supervisor);
  const found = await Promise.all(
    children.map(async ({ id, pid }): Promise<ChildId[]> => {
      if (isAcceptor(id) || pid === undefined) return [];
      return isBetween(id) ? below(context, pid) : [{ id, pid }];
    }),
  );
  return found.flat();
}

/** What stands between the top and the connections: `{ranch_conns_sup, N}`, `<<"acceptor-N">>`, `connection_sup`. */
function isBetween(id: Term): boolean {
  if (id instanceof Tuple) return id.items[0] === atom("ranch_conns_sup");
  return id instanceof Uint8Array || id === atom("connection_sup");
}

function isAcceptor(id: Term): boolean {
  return id === atom("acceptor");
}

/**
 * `websocket_channel_connections/2`: those of these connections that are websockets, with or without channels. When there is no way to
 * tell it is `not_detected` and never an empty list: on a node whose stack is not known, or when none was found and of some nobody can say
 * what they are, as of the supervisors that RabbitMQ puts between Ranch and a connection.
 * @example
 * import { websocketChannelConnections } from "beamctl/instructions";
 * import type { Pid } from "beamctl/term";
 *
 * const websocketsOf = (pids: readonly Pid[]) => websocketChannelConnections(context, "shop", pids);
 */
export async function websocketChannelConnections(
  context: LookContext,
  _application: string,
  connections: readonly Pid[],
): Promise<readonly Pid[] | "not_detected"> {
  const found = await detectSockets(context.node, { topics: false });
  if ("notDetected" in found) return "not_detected";
  const known = new Map(found.connections.map((one) => [pidKey(one.pid), one]));
  const asked = connections.flatMap((pid) => known.get(pidKey(pid)) ?? []);
  const sockets = asked.filter(({ kind }) => kind === "websocket");
  if (sockets.length > 0) return sockets.map(({ pid }) => pid);
  if (asked.some(({ kind }) => kind === "unknown")) return "not_detected";
  const others = connections.filter((pid) => !known.has(pidKey(pid)));
  return others.length > 0 && (await anyLives(context.node, others)) ? "not_detected" : [];
}

// One that ended meanwhile is no websocket any more.
async function anyLives(node: BeamNode, pids: readonly Pid[]): Promise<boolean> {
  return new Answer(node, LIVE.name).boolean(await runScript(node, LIVE, { Pids: pids }));
}

const LIVE: Script = new Script({
  name: "any_lives",
  bindings: ["Pids"],
  readOnly: true,
  source:
    "lists:any(fun(Pid) -> node(Pid) =:= node() andalso process_info(Pid, status) =/= undefined end, Pids)",
});

async function listenerOf(context: LookContext, listenerSup: Pid): Promise<Listener> {
  const found = (await listeners(context.node)).find(
    ({ supervisors }) => String(supervisors.listener) === String(listenerSup),
  );
  assumeThat(context, found !== undefined, `${listenerSup} is no supervisor of a listener`);
  return found as Listener;
}

function assumeThat(context: LookContext, condition: boolean, message: string): void {
  assume(context, TRUE, bool(condition), message);
}
