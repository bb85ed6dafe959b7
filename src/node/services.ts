/** The processes that every node has: what others ask of them is answered as a hidden node must, and executes nothing but what is allowed. */

import { Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { runServed, type Served } from "./functions.ts";
import type { Asked, GenMessage } from "./gen-protocol.ts";
import { GlobalNameServer } from "./global-name-server.ts";
import type { Home } from "./home.ts";
import { type LocalProcess, whenRoom } from "./processes.ts";
import { Service } from "./service.ts";

/** Says `yes` to `is_auth`, which is `net_adm:ping/1`. */
class NetKernel extends Service {
  protected handle(message: GenMessage, asked: Asked): void {
    if (message.type !== "call") return;
    const { from, request } = message;
    const known = request instanceof Tuple && request.items[0] === atom("is_auth");
    this.reply(from, known ? atom("yes") : tuple(atom("error"), atom("notsup")), asked);
  }
}

const REX = atom("rex");
/** Most functions that run at a time for one node. */
const MAX_RUNNING = 4_096;
const NEVER = new AbortController().signal;
const REFUSED = tuple(atom("badrpc"), tuple(atom("EXIT"), atom("notsup")));

/** Tells its features, and calls what is allowed: `{call, M, F, A, GroupLeader}`, by a call, by a cast, or as nodes of old ask. */
class Rex extends Service {
  readonly #running = new WeakMap<object, number>();

  protected handle(message: GenMessage, asked: Asked): void {
    if (message.type === "call") {
      const { from, request } = message;
      void this.#run(request, from.pid, asked).then((result) =>
        whenRoom(asked.via, () => this.reply(from, result, asked)),
      );
    } else if (message.type === "cast") {
      void this.#run(message.message, this.home.processes.nobody, asked);
    } else this.#old(message.message, asked);
  }

  // {From, features_request} | {From, {call, ...}}
  #old(message: Term, asked: Asked): void {
    const [to, request] = message instanceof Tuple ? message.items : [];
    if (!(to instanceof Pid)) return;
    if (request === atom("features_request")) {
      this.tell(to, tuple(atom("features_reply"), this.home.node, [atom("erpc")]));
    } else if (request instanceof Tuple) {
      void this.#run(request, to, asked).then((result) =>
        whenRoom(asked.via, () => this.tell(to, tuple(REX, result))),
      );
    }
  }

  async #run(request: Term, caller: Pid, { via }: Asked): Promise<Term> {
    const [what, module, fun, args] = request instanceof Tuple ? request.items : [];
    const calls = what === atom("call") || what === atom("block_call") || what === atom("cast");
    if (!calls || !(module instanceof Atom) || !(fun instanceof Atom) || !Array.isArray(args)) {
      return REFUSED;
    }
    const given = args as readonly Term[];
    const served = this.home.functions.find(module, fun, given.length);
    const holder = via ?? this;
    const running = this.#running.get(holder) ?? 0;
    if (served === undefined || running >= MAX_RUNNING) return REFUSED;
    this.#running.set(holder, running + 1);
    const node = via?.peer.name ?? this.home.node.name;
    const context = { caller, node, signal: via?.signal ?? NEVER };
    const outcome = await runServed(served, given, context);
    this.#running.set(holder, (this.#running.get(holder) ?? 1) - 1);
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
