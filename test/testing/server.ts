/** A gen_server of our own on a node without any: it answers `total` with 7, and crashes of `crash`. */

import type { BeamNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";

const FORMS = [
  "-module(shop_server).",
  "-behaviour(gen_server).",
  "-export([start/1, init/1, handle_call/3, handle_cast/2]).",
  "start(Name) -> gen_server:start({local, Name}, shop_server, 7, []).",
  "init(State) -> {ok, State}.",
  "handle_call(total, _, State) -> {reply, State, State}; handle_call(crash, _, _) -> error({broken, secret}).",
  "handle_cast(_, State) -> {noreply, State}.",
];

/** Compiles and loads it on the node, and starts one of each name. */
export async function startServers(node: BeamNode, ...names: readonly string[]): Promise<void> {
  const lines = FORMS.map((form) => JSON.stringify(form)).join(", ");
  await evaluate(
    node,
    `Forms = [begin {ok, Tokens, _} = erl_scan:string(Line), {ok, Form} = erl_parse:parse_form(Tokens), Form end || Line <- [${lines}]],
     {ok, Module, Beam} = compile:forms(Forms, []), {module, Module} = code:load_binary(Module, "shop_server.beam", Beam),
     [{ok, _} = shop_server:start(Name) || Name <- [${names.join(", ")}]], ok`,
    { language: "erlang" },
  );
}
