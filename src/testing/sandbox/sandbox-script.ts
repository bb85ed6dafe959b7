/** What `sandbox` runs on the node: a look at the repos, and the process that owns their connections. */

import { BeamError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer, runScript, Script } from "../../otp/index.ts";
import { type Atom, inspect } from "../../term/index.ts";
import { TopologyError } from "../../topology/index.ts";
import type { KeeperScript } from "../keeper.ts";

/** The connections of a repo cannot be owned: its pool is not `Ecto.Adapters.SQL.Sandbox`. */
export class SandboxPoolError extends BeamError {
  readonly code = "BEAM_TOPOLOGY";
  /** The repo's module, `Shop.Repo`. */
  readonly repo: string;
  /** The pool that it has, `DBConnection.ConnectionPool`. */
  readonly pool: string;

  constructor(node: string, repo: string, pool: string) {
    super(`${repo} of ${node} has the pool ${pool}, and not the sandbox`, {
      node,
      remedy: `Build the release for these tests with "config :your_app, ${repo}, pool: Ecto.Adapters.SQL.Sandbox".`,
    });
    this.repo = repo;
    this.pool = pool;
  }
}

// Only the pool's name leaves the node: the options hold the password.
const LOOK: Script = new Script({
  name: "sandbox_look",
  bindings: ["Repos"],
  source: `
[case code:ensure_loaded(Repo) =:= {module, Repo} andalso erlang:function_exported(Repo, get_dynamic_repo, 0) of
   true ->
     try 'Elixir.Ecto.Adapter':lookup_meta(Repo:get_dynamic_repo()) of
       #{opts := Opts} -> proplists:get_value(pool, Opts, none);
       _ -> none
     catch _:_ -> not_started
     end;
   false -> no_repo
 end || Repo <- Repos]`,
});

/** @throws SandboxPoolError TopologyError when one of these repos cannot be owned */
export async function checkRepos(
  node: BeamNode,
  repos: readonly Atom[],
  timeout: number,
): Promise<void> {
  const answer = new Answer(node, LOOK.name);
  const pools = answer.list(await runScript(node, LOOK, { Repos: repos }, { timeout }));
  for (const [at, repo] of repos.entries()) {
    const name = inspect(repo);
    const pool = answer.atom(pools[at]);
    if (pool === "Elixir.DBConnection.Ownership") continue;
    if (pool !== "no_repo" && pool !== "not_started") {
      throw new SandboxPoolError(node.name, name, inspect(pools[at] as Atom));
    }
    const what = pool === "no_repo" ? "is no Ecto repo" : "is not started";
    throw new TopologyError(`${name} of ${node.name} ${what}`, {
      node: node.name,
      remedy: "Give the repo's module, as Shop.Repo, and wait until the application is started.",
    });
  }
}

/**
 * One process owns the connections of all repos, since the metadata of Phoenix.Ecto names one. If it is killed the pool takes them back.
 * Gives {owner, Pid, Metadata}, or {failed, [{Repo, Text}]}: texts of exceptions of the pool, which hold no data.
 */
export const OWNER: KeeperScript = {
  name: "sandbox",
  bindings: ["Repos", "Options", "Shared", "Manual"],
  setUp: `
Sandbox = 'Elixir.Ecto.Adapters.SQL.Sandbox',
Own = fun(Repo) ->
  try
    Manual andalso (ok = Sandbox:mode(Repo, manual)),
    ok = Sandbox:checkout(Repo, Options),
    case Shared andalso Sandbox:mode(Repo, {shared, self()}) of
      already_shared -> {Repo, <<"another process shares its connection already">>};
      _ -> ok
    end
  catch
    error:#{'__exception__' := true} = Raised -> {Repo, 'Elixir.Exception':message(Raised)};
    _:_ -> {Repo, <<"the pool gave no connection">>}
  end
end,
Metadata = fun() ->
  One = case Repos of [Only] -> Only; _ -> Repos end,
  Phoenix = 'Elixir.Phoenix.Ecto.SQL.Sandbox',
  case code:ensure_loaded(Phoenix) of
    {module, Phoenix} -> Phoenix:encode_metadata(Phoenix:metadata_for(One, self()));
    _ ->
      Encoded = 'Elixir.Base':url_encode64(term_to_binary({v1, #{repo => One, owner => self(), trap_exit => true}})),
      <<"BeamMetadata (", Encoded/binary, ")">>
  end
end,
case [Failed || Failed <- [Own(Repo) || Repo <- Repos], Failed =/= ok] of
  [] -> {owner, self(), Metadata()};
  Reasons -> {failed, Reasons}
end`,
  undo: "[try Sandbox:checkin(Repo) catch _:_ -> gone end || Repo <- Repos]",
};
