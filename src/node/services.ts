/** The processes that every node has: what others ask of them is answered as a hidden node must, and executes nothing but what is allowed. */

import type { Extras } from "../dist/index.ts";
import { Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { runServed, type Served } from "./functions.ts";
import type { GenMessage } from "./gen-protocol.ts";
import { GlobalNameServer } from "./global-name-server.ts";
import type { Home } from "./home.ts";
import type { LocalProcess } from "./processes.ts";
import { Service } from "./service.ts";

/** Says `yes` to `is_auth`, which is `net_adm:ping/1`. */
class NetKernel extends Service {
  protected handle(message: GenMessage, extras: Extras): void {
    if (message.type !== "call") return;
    const { from, request } = message;
    const known = request instanceof Tuple && request.items[0] === atom("is_auth");
    this.reply(from, known ? atom("yes") : tuple(atom("error"), atom("notsup")), extras);
  }
}

const REX = atom("rex");
const MAX_RUNNING = 4_096;
const NEVER = new AbortController().signal;
const REFUSED = tuple(atom("badrpc"), tuple(atom("EXIT"), atom("notsup")));

/** Tells its features, and calls what is allowed: `{call, M, F, A, GroupLeader}`, by a call, by a cast, or as nodes of old ask. */
class Rex extends Service {
  #running = 0;

  protected handle(message: GenMessage, extras: Extras): void {
    if (message.type === "call") {
      const { from, request } = message;
      void this.#run(request, from.pid).then((result) => this.reply(from, result, extras));
    } else if (message.type === "cast") {
      void this.#run(message.message, this.home.processes.nobody);
    } else this.#old(message.message);
  }

  // {From, features_request} | {From, {call, ...}}
  #old(message: Term): void {
    const [to, request] = message instanceof Tuple ? message.items : [];
    if (!(to instanceof Pid)) return;
    if (request === atom("features_request")) {
      this.tell(to, tuple(atom("features_reply"), this.home.node, [atom("erpc")]));
    } else if (request instanceof Tuple) {
      void this.#run(request, to).then((result) => this.tell(to, tuple(REX, result)));
    }
  }

  async #run(request: Term, caller: Pid): Promise<Term> {
    const [what, module, fun, args] = request instanceof Tuple ? request.items : [];
    const calls = what === atom("call") || what === atom("block_call") || what === atom("cast");
    if (!calls || !(module instanceof Atom) || !(fun instanceof Atom) || !Array.isArray(args)) {
      return REFUSED;
    }
    const given = args as readonly Term[];
    const served = this.home.functions.find(module, fun, given.length);
    if (served === undefined || this.#running >= MAX_RUNNING) return REFUSED;
    this.#running += 1;
    const outcome = await runServed(served, given, { caller, signal: NEVER });
    this.#running -= 1;
    return resultOf(outcome);
  }
}

/** What `rpc:call` of before OTP 23 gets. */
function resultOf(outcome: Served): Term {
  if (outcome.kind === "return") return outcome.value;
  if (outcome.kind === "throw") return outcome.reason;
  const reason = outcome.kind === "exit" ? outcome.reason : tuple(outcome.reason, []);
  return tuple(atom("badrpc"), tuple(atom("EXIT"), reason));
}

/** Those of every node, by name; `global` only where others see us. */
export const SERVICES: ReadonlyMap<string, (home: Home) => LocalProcess | undefined> = new Map<
  string,
  (home: Home) => LocalProcess | undefined
>([
  ["net_kernel", (home) => new NetKernel(home)],
  ["rex", (home) => new Rex(home)],
  ["global_name_server", (home) => (home.visible ? new GlobalNameServer(home) : undefined)],
]);
