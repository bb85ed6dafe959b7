/** A real install on a target: the release handler evaluates a relup that calls whoever the test names, and waits. */

import type { Mailbox } from "../../src/node/index.ts";
import { atom, type Pid, type Term, Tuple, tuple } from "../../src/term/index.ts";
import type { Target } from "./target.ts";

// Past its point of no return the relup calls a controller; whether that answers or vanishes, it goes on, and here then waits to be let.
const GATE = `-export([call/0, release/1]).
call() -> _ = try gen_server:call(persistent_term:get(gate_controller), step, infinity) catch _:_ -> gone end,
  case persistent_term:get(gate_waits, false) of true -> persistent_term:put(gate_reached, true), receive gate_go -> persistent_term:erase(gate_reached) end; false -> ok end.
release(Dir) ->
  application:set_env(sasl, releases_dir, Dir),
  ok = supervisor:terminate_child(sasl_sup, release_handler), {ok, _} = supervisor:restart_child(sasl_sup, release_handler),
  [{_, From, _, permanent}] = release_handler:which_releases(),
  Libs = [{A, V} || {A, _, V} <- application:loaded_applications(), lists:member(A, [kernel, stdlib, sasl])],
  [begin
    File = fun(Name) -> filename:join([Dir, V, Name]) end,
    Steps = [point_of_no_return, {apply, {?MODULE, call, []}}],
    ok = filelib:ensure_dir(File("x")),
    ok = file:write_file(File(V ++ ".rel"), io_lib:format("~p.~n", [{release, {"test", V}, {erts, erlang:system_info(version)}, Libs}])),
    ok = file:write_file(File("relup"), io_lib:format("~p.~n", [{V, [{Other, [], Steps}], [{Other, [], Steps}]}])),
    ok = file:write_file(File("sys.config"), "[]."),
    {ok, _} = file:copy(filename:join([code:root_dir(), "bin", "start_sasl.boot"]), File("start.boot"))
  end || {V, Other} <- [{"2", From}, {From, "2"}]],
  Dirs = [{A, V, filename:dirname(code:lib_dir(A))} || {A, V} <- Libs],
  {ok, "2"} = release_handler:set_unpacked(filename:join([Dir, "2", "2.rel"]), Dirs),
  From.`;

/** An install that stands in its call to the controller. */
export interface Installing {
  /** What `install_release/1` answers at last. */
  readonly installed: Promise<Term>;
  /** Answers the release handler's call. */
  answer(): void;
}

/** Two releases of a target, to go to and fro between. */
export class Relup {
  readonly #target: Target;
  #other: Term;
  #next: Term = "2".split("").map((digit) => digit.charCodeAt(0));

  private constructor(target: Target, from: Term) {
    this.#target = target;
    this.#other = from;
  }

  static async prepare(target: Target): Promise<Relup> {
    await target.module("gate", GATE);
    return new Relup(target, await target.eval('gate:release(filename:absname("releases"))'));
  }

  /** Installs the other release; resolves when the release handler calls the owner of this mailbox. */
  async install(controller: Mailbox, options: { waits?: boolean } = {}): Promise<Installing> {
    const { node } = this.#target;
    await node.call("persistent_term", "put", [atom("gate_controller"), controller.pid]);
    const waits = atom(options.waits === true ? "true" : "false");
    await node.call("persistent_term", "put", [atom("gate_waits"), waits]);
    const installed = node.call("release_handler", "install_release", [this.#next], { timeout: 0 });
    [this.#next, this.#other] = [this.#other, this.#next];
    for await (const message of controller) {
      const [tag, from] = message instanceof Tuple ? message.items : [];
      if (tag !== atom("$gen_call") || !(from instanceof Tuple)) continue;
      const [pid, ref] = from.items as readonly [Pid, Term];
      return { installed, answer: () => node.send(pid, tuple(ref, atom("ok"))) };
    }
    throw new Error("the release handler did not call");
  }

  /** Whether an install waits behind its call. */
  async waits(): Promise<boolean> {
    return (await this.#target.eval("persistent_term:get(gate_reached, false)")) === atom("true");
  }

  /** Lets it go on. */
  letGo(): void {
    this.#target.node.send("release_handler", atom("gate_go"));
  }
}
