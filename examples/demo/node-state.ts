/** What the shop's node says of itself: its version, the state that an upgrade migrates, and what is suspended. */

import type { BeamNode } from "../../src/node/index.ts";
import { atom, charlist, inspect, type Term, type Tuple, text } from "../../src/term/index.ts";

/** The shop's node at one moment. */
export interface NodeState {
  /** The version of the running application. */
  readonly version: string;
  /** The counter's whole state, in Elixir syntax. */
  readonly counter: string;
  /** How many pushes the counter has seen. */
  readonly pushes: number;
  /** The keys of the channels' assigns: `count` in 0.1.0, `tally` in 0.2.0; more than one when they differ. */
  readonly assigns: readonly string[];
  /** The channel processes, sorted. */
  readonly channels: readonly string[];
  /** How many processes of the whole node are suspended. */
  readonly suspended: number;
}

const SOURCE = `
  {shop, _, Version} = lists:keyfind(shop, 1, application:which_applications()),
  Pool = supervisor:which_children('Elixir.Shop.Endpoint.Shop.UserSocket'),
  Channels = [P || {_, Shard, _, _} <- Pool, {_, P, _, _} <- supervisor:which_children(Shard)],
  Assigns = [maps:keys(maps:get(assigns, sys:get_state(P))) || P <- Channels],
  Now = [process_info(P, current_function) || P <- processes()],
  Suspended = length([F || {current_function, {sys, suspend_loop, _}} = F <- Now]),
  Counter = sys:get_state('Elixir.Shop.Counter'),
  Pushes = 'Elixir.Shop.Counter':value(),
  {unicode:characters_to_binary(Version), Counter, Pushes, lists:usort(lists:append(Assigns)), Channels, Suspended}.`;

type Answer = Tuple<[Uint8Array, Term, number, Term[], Term[], number]>;

/** Asks the node; with 200 channels it takes some milliseconds. */
export async function readNodeState(node: BeamNode): Promise<NodeState> {
  const [version, counter, pushes, assigns, channels, suspended] = (
    (await evaluate(node, SOURCE)) as Answer
  ).items;
  return {
    version: text(version),
    counter: inspect(counter),
    pushes,
    assigns: assigns.map((key) => inspect(key).replace(/^:/, "")),
    channels: channels.map((pid) => inspect(pid)).sort(),
    suspended,
  };
}

/** Erlang's own way: scan, parse, evaluate. */
async function evaluate(node: BeamNode, source: string): Promise<Term> {
  const ok = async (module: string, fun: string, args: Term[]): Promise<Term> => {
    const [status, value] = ((await node.call(module, fun, args)) as Tuple<[Term, Term]>).items;
    if (status !== atom("ok")) throw new Error(`${module}:${fun} answered ${inspect(value)}`);
    return value;
  };
  const tokens = await ok("erl_scan", "string", [charlist(source)]);
  const forms = await ok("erl_parse", "parse_exprs", [tokens]);
  const result = (await node.call("erl_eval", "exprs", [forms, []])) as Tuple<[Term, Term, Term]>;
  return result.items[1];
}
