/** What a node has of everything that could grow, counted on the node itself. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { type Atom, type Term, textOf } from "../../src/term/index.ts";
import type { ShopNode } from "../support/shop/start.ts";

// Counts are exact. Memory, in bytes, is looked at with all garbage collected.
const SOURCE = `
  Sum = fun(What) -> lists:sum([length(Found) || Pid <- processes(), {_, Found} <- [process_info(Pid, What)]]) end,
  Env = lists:sum([length(application:get_all_env(App)) || {App, _, _} <- application:loaded_applications()]),
  Counts = [{processes, erlang:system_info(process_count)},
    {ports, erlang:system_info(port_count)},
    {atoms, erlang:system_info(atom_count)},
    {ets, length(ets:all())},
    {etsObjects, lists:sum([Size || Table <- ets:all(), Size <- [ets:info(Table, size)], is_integer(Size)])},
    {names, length(registered())},
    {timers, lists:sum([ets:info(Table, size) || Table <- ets:all(), ets:info(Table, owner) =:= whereis(timer_server)])},
    {links, Sum(links)},
    {monitors, Sum(monitors)},
    {watchers, Sum(monitored_by)},
    {modules, length(code:all_loaded())},
    {oldModules, length([M || {M, _} <- code:all_loaded(), erlang:check_old_code(M)])},
    {codePaths, length(code:get_path())},
    {environment, Env},
    {logHandlers, length(logger:get_handler_ids())},
    {persistentTerms, maps:get(count, persistent_term:info())}],
  [garbage_collect(Pid) || Pid <- processes(), Pid =/= self()],
  Memory = [{Kind, erlang:memory(Kind)} || Kind <- [total, processes_used, atom_used, binary, code, ets]],
  {maps:from_list(Counts), maps:from_list(Memory)}.`;

// The atoms of a node are numbered as they are made.
const ATOMS = `
  [try binary_to_term(<<131, 75, N:24>>) of Atom -> atom_to_list(Atom) catch _:_ -> "?" end || N <- lists:seq(From, To - 1)].`;

/** A node at one moment. */
export interface Sample {
  readonly counts: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, number>>;
}

/** Counts when nothing is on its way any more: twice the same, or what it is after 5 seconds. */
export async function sample(node: BeamNode, shop: ShopNode): Promise<Sample> {
  const until = performance.now() + 5_000;
  let last = await once(node, shop);
  for (;;) {
    await pause(100);
    const next = await once(node, shop);
    if (isSame(last.counts, next.counts) || performance.now() > until) return next;
    last = next;
  }
}

/** How much more there is than there was; what is the same is left out. */
export function grown(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const all = Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)]);
  return Object.fromEntries(all.filter(([, count]) => count !== 0));
}

/** The texts of the atoms that a node made between two samples. */
export async function atomsSince(node: BeamNode, from: Sample, to: Sample): Promise<string[]> {
  const bindings = { From: from.counts["atoms"] ?? 0, To: to.counts["atoms"] ?? 0 };
  const texts = await evaluate(node, ATOMS, { language: "erlang", bindings });
  return (texts as readonly Term[]).map((one) => textOf(one) ?? "?");
}

async function once(node: BeamNode, shop: ShopNode): Promise<Sample> {
  const answer = await evaluate(node, SOURCE, { language: "erlang" });
  const [counts, memory] = (answer as { readonly items: readonly Term[] }).items.map(numbers);
  const files = await readdir(join(shop.root, "releases"), { recursive: true });
  return { counts: { ...counts, files: files.length }, memory: memory ?? {} };
}

function numbers(term: Term): Record<string, number> {
  const entries = [...(term as unknown as Iterable<readonly [Atom, number]>)];
  return Object.fromEntries(entries.map(([key, count]) => [key.name, count]));
}

function isSame(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): boolean {
  return Object.keys(grown(one, other)).length === 0;
}
