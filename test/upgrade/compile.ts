/** Erlang modules that a test writes, compiled and loaded on a node. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { charlist } from "../../src/term/index.ts";

/** Compiles a module into `folder`, and loads it unless told otherwise. Old code of it is purged softly before. */
export async function compileOn(
  node: BeamNode,
  folder: string,
  source: string,
  { load = true }: { load?: boolean } = {},
): Promise<void> {
  const name = /-module\((\w+)\)/.exec(source)?.[1] ?? "";
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.erl`), source);
  const text = `
{ok, Module} = compile:file(File, [{outdir, Folder}]),
Load =:= 0 orelse begin code:soft_purge(Module), {module, Module} = code:load_abs(File) end`;
  await evaluate(node, text, {
    language: "erlang",
    bindings: { File: charlist(join(folder, name)), Folder: charlist(folder), Load: load ? 1 : 0 },
  });
}

/** A gen_server; each process of it is registered under its argument. `value` tells two versions of its code apart. */
export function server(name: string, value = 1): string {
  return `-module(${name}).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2, loop/0, hold/0]).
start_link(Name) -> gen_server:start_link({local, Name}, ?MODULE, Name, []).
init(Name) -> {ok, {state, Name}}.
handle_call(_, _, State) -> {reply, ok, State}.
handle_cast(State, _) -> {noreply, State}.
loop() -> receive stop -> ok end, ${value}.
hold() -> fun(X) -> {X, ${value}} end.
`;
}

/** The supervisor and application callback of servers of one module. */
export function supervisorOf(name: string, module: string, ids: readonly string[]): string {
  return `-module(${name}).
-behaviour(supervisor).
-export([start/2, stop/1, init/1]).
start(_, _) -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).
stop(_) -> ok.
init([]) -> {ok, {{one_for_one, 9, 9}, [{Id, {${module}, start_link, [Id]}, permanent, 1000, worker, [${module}]}
    || Id <- [${ids.join(", ")}]]}}.
`;
}
