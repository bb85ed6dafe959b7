/** What the shop's node says of itself: its version, the state that an upgrade migrates, and what is suspended. */

import { type BeamNode, evaluate, inspect, leftSuspended } from "../../src/index.ts";
import { type Term, type Tuple, text } from "../../src/term/index.ts";

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
  Counter = sys:get_state('Elixir.Shop.Counter'),
  Pushes = 'Elixir.Shop.Counter':value(),
  {Version, Counter, Pushes, lists:usort(lists:append(Assigns)), Channels}.`;

type Answer = Tuple<[Term, Term, number, Term[], Term[]]>;

/** Asks the node; with 200 channels it takes some milliseconds. */
export async function readNodeState(node: BeamNode): Promise<NodeState> {
  const answer = (await evaluate(node, SOURCE, { language: "erlang" })) as Answer;
  const [version, counter, pushes, assigns, channels] = answer.items;
  return {
    version: text(version),
    counter: inspect(counter),
    pushes,
    assigns: assigns.map((key) => inspect(key).replace(/^:/, "")),
    channels: channels.map((pid) => inspect(pid)).sort(),
    suspended: (await leftSuspended(node)).length,
  };
}
