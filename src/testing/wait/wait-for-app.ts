/** Waits on the node until an application is up. */

import { BeamError } from "../../errors.ts";
import { Answer, BATCH, runScript, Script } from "../../otp/index.ts";
import { atom, inspect } from "../../term/index.ts";
import { nodeOf, type Target } from "../target.ts";

/** How long it is waited for. */
export interface WaitForAppOptions {
  /** Milliseconds. Default 10000. */
  readonly timeout?: number | undefined;
  /** Ends the wait with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** An application is not up in time. */
export class AppNotStartedError extends BeamError {
  readonly code = "BEAM_TIMEOUT";
  readonly app: string;
  /** Why not, as far as the node tells. */
  readonly reasons: readonly string[];
  /** The applications that run. */
  readonly running: readonly string[];

  constructor(
    node: string,
    app: string,
    timeout: number,
    reasons: readonly string[],
    running: readonly string[],
  ) {
    super(
      `${app} is not up on ${node} after ${timeout} ms: ${reasons.join("; ")}. Running: ${running.join(", ")}`,
      {
        node,
        retryable: true,
        remedy: "Look at the node's log; give it more time if it is still starting.",
      },
    );
    this.app = app;
    this.reasons = reasons;
    this.running = running;
  }
}

/**
 * Waits until an application is started, and every supervisor of it answers with no child that is being restarted; a dynamic supervisor's children are not looked
 * at. Polled on the node, each 50 ms, by one process there, in one call. Safe on a busy node.
 * @param app its name, as `shop`
 * @throws AppNotStartedError when it is not in time: with what is missing (not loaded, dependencies that do not run, children that restart) and what runs
 * @throws AbortedError NodeDownError
 * @example
 * import { waitForApp } from "beamctl/testing";
 *
 * await waitForApp(shop, "shop");
 */
export async function waitForApp(
  target: Target,
  app: string,
  { timeout = 10_000, signal }: WaitForAppOptions = {},
): Promise<void> {
  const node = nodeOf(target);
  const answer = new Answer(node, WAIT.name);
  const bindings = { App: atom(app), Wait: timeout, Peer: atom(node.localName) };
  const call = { timeout: timeout + SLACK, signal, cancel: true };
  const found = await runScript(node, WAIT, bindings, call);
  const [verdict, what, running] = answer.tuple(found, 3);
  if (answer.atom(verdict) === "up") return;
  const names = answer.list(running).map((name) => answer.atom(name));
  const reasons = answer.list(what).map((row) => {
    const [kind, list] = answer.tuple(row, 2);
    const of = answer.list(list).map((item) => inspect(item, { syntax: "elixir" }));
    return (WORDS[answer.atom(kind)] ?? answer.atom(kind)) + of.join(", ");
  });
  throw new AppNotStartedError(node.name, app, timeout, reasons, names);
}

/** The node may take this long, in milliseconds, over its last look. */
const SLACK = 5_000;

const WORDS: Readonly<Record<string, string>> = {
  unknown: "it is not loaded, and there is no .app file of it on the code path",
  loaded: "nobody has started it, or its start has failed: it is only loaded",
  not_loaded: "nobody has loaded it",
  starting: "it is starting",
  needs: "it needs what does not run: ",
  restarting: "children are being restarted: ",
  silent: "supervisors do not answer: ",
};

const WAIT: Script = new Script({
  name: "wait_for_app",
  bindings: ["App", "Wait", "Peer"],
  source: `
${BATCH}
Until = Now() + Wait,
Info = fun(Key) -> case lists:keyfind(Key, 1, application:info()) of {_, List} -> List; false -> [] end end,
Running = fun() -> lists:sort([Name || {Name, _} <- Info(running)]) end,
Dynamic = fun(Pid) -> case proc_lib:translate_initial_call(Pid) of {'Elixir.DynamicSupervisor', _, _} -> true; _ -> false end end,
%% What is not as it should be below these supervisors: {Restarting, Silent}.
Below = fun Below([], Found) -> Found;
            Below(Sups, {Restarting, Silent}) ->
    Answers = Children(Sups, Now() + 1000),
    Kids = lists:append([List || {_, List} <- Answers, is_list(List)]),
    Below([Pid || {_, Pid, supervisor, _} <- Kids, is_pid(Pid), IsSupervisor(Pid), not Dynamic(Pid)],
          {Restarting ++ [Id || {Id, restarting, _, _} <- Kids], Silent ++ [Sup || {Sup, State} <- Answers, not is_list(State)]})
end,
State = fun() ->
    case lists:keymember(App, 1, Info(running)) of
        true -> case Below([Top || {_, Top} <- TopsOf([App])], {[], []}) of
            {[], []} -> up;
            {Restarting, Silent} -> [{Kind, lists:sublist(List, 20)} || {Kind, List} <- [{restarting, Restarting}, {silent, Silent}], List =/= []]
        end;
        false ->
            Needs = case application:get_key(App, applications) of {ok, Names} -> Names -- Running(); undefined -> [] end,
            Kind = case {lists:keymember(App, 1, Info(starting)), application:get_key(App, vsn)} of
                {true, _} -> starting;
                {_, {ok, _}} -> loaded;
                _ -> case code:where_is_file(atom_to_list(App) ++ ".app") of non_existing -> unknown; _ -> not_loaded end
            end,
            [{Kind, []}] ++ [{needs, Needs} || Needs =/= []]
    end
end,
Poll = fun Poll() ->
    case State() of
        up -> {up, [], []};
        Why -> case Now() >= Until orelse not lists:member(Peer, nodes(connected)) of
            true -> {down, Why, Running()};
            false -> receive after 50 -> Poll() end
        end
    end
end,
Poll()`,
});
