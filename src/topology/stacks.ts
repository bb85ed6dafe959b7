/** Which libraries of listeners a node shows, by one question. */

import type { CallOptions } from "../otp/index.ts";
import { Answer, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, type Term } from "../term/index.ts";

/** The versions that run, `"?"` where the node does not tell; `undefined` for what is not there. */
export interface Stacks {
  readonly ranch: string | undefined;
  readonly cowboy: string | undefined;
  readonly thousandIsland: string | undefined;
  readonly bandit: string | undefined;
  readonly ejabberd: string | undefined;
  readonly phoenix: string | undefined;
}

/** What runs there. One call; read-only. */
export async function stacksOf(remote: Remote, options?: CallOptions): Promise<Stacks> {
  const answer = new Answer(remote, STACKS.name);
  const [ranch, cowboy, island, bandit, ejabberd, phoenix] = answer.tuple(
    await runScript(remote, STACKS, {}, options),
    6,
  );
  const version = (term: Term | undefined) =>
    term instanceof Atom ? undefined : answer.text(term);
  return {
    ranch: version(ranch),
    cowboy: version(cowboy),
    thousandIsland: version(island),
    bandit: version(bandit),
    ejabberd: version(ejabberd),
    phoenix: version(phoenix),
  };
}

/** Why nothing was found, where no adapter fits. */
export function unknownStack({ ranch }: Stacks): string {
  return ranch === undefined
    ? "neither Ranch, Thousand Island nor ejabberd runs on this node"
    : `Ranch ${ranch} is not known`;
}

// Ranch lives by its table, ejabberd by its supervisor; the others have nothing of their own that runs, only code.
const STACKS: Script = new Script({
  name: "stacks",
  readOnly: true,
  source: `
Version = fun(App) -> case application:get_key(App, vsn) of {ok, Version} -> Version; undefined -> "?" end end,
Loaded = fun(Module, App) -> case code:is_loaded(Module) of false -> none; _ -> Version(App) end end,
{case ets:info(ranch_server, size) of undefined -> none; _ -> Version(ranch) end,
 Loaded(cowboy, cowboy),
 Loaded('Elixir.ThousandIsland.Listener', thousand_island),
 Loaded('Elixir.Bandit', bandit),
 case whereis(ejabberd_listener) of undefined -> none; _ -> Version(ejabberd) end,
 Loaded('Elixir.Phoenix.Channel.Server', phoenix)}`,
});
