/** A spawn request from another node: refused, unless it asks for a function that the user has allowed. */

import type { Control } from "../dist/index.ts";
import { isBeamError } from "../errors.ts";
import { Atom, atom, type Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { type Functions, runServed, type Served, type ServedFunction } from "./functions.ts";
import type { Link } from "./link.ts";
import { type Encoded, LocalProcess, whenRoom } from "./processes.ts";

type SpawnRequest = Extract<Control, { type: "spawn_request" }>;

/** What a spawn request comes to: the function, and the exit reason that its end is told by. */
interface Work {
  readonly served: ServedFunction;
  readonly args: readonly Term[];
  readonly reason: (outcome: Served) => Term;
}

/** Most served calls that run at a time on one link. */
const MAX_SERVED = 4_096;

const LINKED = 1;
const MONITORED = 2;
const IGNORED = new Set([
  "priority",
  "fullsweep_after",
  "min_heap_size",
  "min_bin_vheap_size",
  "max_heap_size",
  "message_queue_data",
  "async_dist",
]);
const NORMAL = atom("normal");
const running = new WeakMap<Link, number>();

/** The reply to the request; an allowed function starts when the reply is on its way. */
export function serveSpawn(link: Link, request: SpawnRequest, payload: Encoded): Control {
  const { ref, from } = request;
  const reply = (flags: number, result: Pid | Atom): Control => ({
    type: "spawn_reply",
    ref,
    to: from,
    flags,
    result,
  });
  const refuse = (why: string) => reply(0, atom(why));
  const { functions } = link.home;
  if (functions.none) return refuse("notsup");
  const flags = flagsOf(request.options);
  if (flags === undefined) return refuse("badopt");
  const work = workOf(functions, request, payload);
  if (typeof work === "string") return refuse(work);
  const others = running.get(link) ?? 0;
  if (others >= MAX_SERVED || link.home.processes.full) return refuse("system_limit");
  running.set(link, others + 1);
  const process = new ServedCall(link, work, from);
  const pid = link.enter(process);
  if ((flags & MONITORED) !== 0) link.relations.monitor(from, pid, ref);
  if ((flags & LINKED) !== 0) link.relations.linked(from, pid);
  queueMicrotask(() => void process.run());
  return reply(flags, pid);
}

/** The process that the caller sees. */
class ServedCall extends LocalProcess {
  readonly #link: Link;
  readonly #work: Work;
  readonly #caller: Pid;
  readonly #aborter = new AbortController();

  constructor(link: Link, work: Work, caller: Pid) {
    super();
    this.#link = link;
    this.#work = work;
    this.#caller = caller;
  }

  async run(): Promise<void> {
    const { served, args, reason } = this.#work;
    const { name: node } = this.#link.peer;
    const context = { caller: this.#caller, node, signal: this.#aborter.signal };
    const outcome = await runServed(served, args, context);
    // Counted until now: that nobody waits for it any more does not stop it.
    running.set(this.#link, (running.get(this.#link) ?? 1) - 1);
    await whenRoom(this.#link, () => this.#end(reason(outcome)));
  }

  override exit(_from: Pid, reason: Encoded, linked: boolean): void {
    const why = reason.decode();
    if (why === NORMAL) return;
    this.#aborter.abort();
    this.#end(!linked && why === atom("kill") ? atom("killed") : why);
  }

  override lost(): void {
    this.#aborter.abort();
  }

  #end(reason: Term): void {
    if (this.address !== undefined) this.#link.leave(this, reason);
  }
}

/** The flags of the options, `undefined` when there is one that is none. */
function flagsOf(options: readonly Term[]): number | undefined {
  let flags = 0;
  for (const option of options) {
    const name = option instanceof Tuple ? option.items[0] : option;
    if (!(name instanceof Atom)) return undefined;
    if (name.name === "link") flags |= LINKED;
    else if (name.name === "monitor") flags |= MONITORED;
    else if (!IGNORED.has(name.name)) return undefined;
  }
  return flags;
}

function workOf(functions: Functions, request: SpawnRequest, payload: Encoded): Work | string {
  const { module, function: fun, arity } = request;
  let args: Term;
  try {
    args = payload.decode();
  } catch (error) {
    if (!isBeamError(error)) throw error;
    return "badarg";
  }
  if (!Array.isArray(args) || args.length !== arity) return "badarg";
  const given = args as readonly Term[];
  if (module.name !== "erpc") return found(functions, module, fun, given, exitOf) ?? "notsup";
  if (fun.name === "execute_call" && arity === 4) {
    const [mark, ...call] = given as [Term, ...Term[]];
    return called(functions, call, (outcome) => resultOf(mark, outcome)) ?? "notsup";
  }
  return (fun.name === "execute_cast" && called(functions, given, () => NORMAL)) || "notsup";
}

function called(functions: Functions, call: readonly Term[], reason: Work["reason"]) {
  const [module, fun, args] = call;
  if (!(module instanceof Atom) || !(fun instanceof Atom) || !Array.isArray(args)) return undefined;
  return found(functions, module, fun, args as readonly Term[], reason);
}

function found(
  functions: Functions,
  module: Atom,
  fun: Atom,
  args: readonly Term[],
  reason: Work["reason"],
): Work | undefined {
  const served = functions.find(module, fun, args.length);
  return served === undefined ? undefined : { served, args, reason };
}

/** What `erpc:execute_call/4` exits with. */
function resultOf(mark: Term, outcome: Served): Term {
  if (outcome.kind === "return") return tuple(mark, atom("return"), outcome.value);
  return outcome.kind === "error"
    ? tuple(mark, atom("error"), outcome.reason, [])
    : tuple(mark, atom(outcome.kind), outcome.reason);
}

/** What a process ends with that did nothing but this. */
function exitOf(outcome: Served): Term {
  switch (outcome.kind) {
    case "return":
      return NORMAL;
    case "exit":
      return outcome.reason;
    case "error":
      return tuple(outcome.reason, []);
    case "throw":
      return tuple(tuple(atom("nocatch"), outcome.reason), []);
  }
}
