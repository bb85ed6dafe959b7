/** A process on the node that holds something for a test and gives it back when the test lets go, or when the test runner is gone. */

import { NodeDownError } from "../dist/index.ts";
import { TimeoutError } from "../errors.ts";
import type { BeamNode, Mailbox, Spawned } from "../node/index.ts";
import { formsOf, Script, ScriptError } from "../otp/index.ts";
import { Atom, atom, type Term, Tuple, tuple } from "../term/index.ts";

/** What a {@link keep keeper} does. Erlang expressions without a full stop; they share their variables, the bindings among them. */
export interface KeeperScript {
  /** Names the work in errors. */
  readonly name: string;
  /** Runs first. Its last expression's value is sent to us: it may hold no states or dictionaries. */
  readonly setUp: string;
  /** Runs when it is released, or when our link to the node is gone. May use what `setUp` bound. */
  readonly undo: string;
  /** The variables that each start must bind. `Owner` (our pid), `Down` and `Kept` are taken. Default none. */
  readonly bindings?: readonly string[];
}

/** Something held on the node. Released by {@link release}, by `await using`, and by the node itself when we are gone. */
export interface Kept extends AsyncDisposable {
  /** What `setUp` gave. */
  readonly value: Term;
  /**
   * Runs `undo` and waits until it is done; a second call waits for the first. Does nothing once the link is down: the node did it then.
   * @throws ScriptError when `undo` raised; TimeoutError
   */
  release(): Promise<void>;
}

/** How long a keeper may take. */
export interface KeepOptions {
  /** Milliseconds for `setUp`, and for `undo`, each. Default 5000. */
  readonly timeout?: number | undefined;
}

const READY = atom("ready");
const FAILED = atom("failed");
const RELEASE = atom("beamctl_release");
const scripts = new WeakMap<KeeperScript, Script>();

/**
 * Starts a process on the node that runs `setUp`, waits, and runs `undo`. The text is parsed there once per connection; no module is
 * loaded. As safe on a busy node as the two texts are.
 * @throws ScriptError when `setUp` raised; then nothing is kept and `undo` does not run
 * @example
 * import { atom } from "beamctl/term";
 * import { keep } from "beamctl/testing";
 *
 * const script = { name: "hold_name", bindings: ["Name"], setUp: "register(Name, self())", undo: "unregister(Name)" };
 * const kept = await keep(node, script, { Name: atom("shop_lock") });
 * await kept.release();
 */
export async function keep(
  node: BeamNode,
  script: KeeperScript,
  bindings: Readonly<Record<string, Term>> = {},
  { timeout = 5_000 }: KeepOptions = {},
): Promise<Kept> {
  const whole = wholeOf(script);
  const forms = await formsOf(node, whole, { timeout });
  const mailbox = node.mailbox();
  try {
    const given: Readonly<Record<string, Term>> = { ...bindings, Owner: mailbox.pid };
    const bound = whole.bindings.toSorted().map((name) => tuple(atom(name), given[name] as Term));
    const spawned = await node.spawn("erl_eval", "exprs", [forms, bound], { timeout });
    const value = await answered(node, script.name, mailbox, spawned, timeout);
    return new Keeper(node, script.name, mailbox, spawned, value, timeout);
  } catch (error) {
    mailbox.close(); // which ends the keeper too
    throw error;
  }
}

function wholeOf(script: KeeperScript): Script {
  const known = scripts.get(script);
  if (known !== undefined) return known;
  const whole = new Script({
    name: script.name,
    bindings: [...(script.bindings ?? []), "Owner"],
    source: `
Down = erlang:monitor(process, Owner),
try
  Kept = begin ${script.setUp} end,
  Owner ! {ready, Kept},
  receive {beamctl_release, Owner} -> ok; {'DOWN', Down, process, Owner, _} -> ok end,
  ${script.undo},
  Owner ! {ready, released}
catch KeeperClass:KeeperReason ->
  Owner ! {failed, KeeperClass, if is_atom(KeeperReason) -> KeeperReason; is_atom(element(1, KeeperReason)) -> element(1, KeeperReason); true -> other end}
end`,
  });
  scripts.set(script, whole);
  return whole;
}

/** The next word of the keeper; one that was killed says nothing. */
async function answered(
  node: BeamNode,
  name: string,
  mailbox: Mailbox,
  spawned: Spawned,
  timeout: number,
): Promise<Term> {
  const wait = new AbortController();
  const ended = spawned.down.then(() => {
    throw new ScriptError(node.name, name, "exit", "killed");
  });
  // Its last word comes before the news of its end: signals between two processes keep their order.
  const told = mailbox.receive({ timeout, signal: wait.signal });
  const message = await Promise.race([told, ended])
    .catch((error: unknown) => {
      if (error instanceof TimeoutError) throw new TimeoutError(name, timeout, { node: node.name });
      throw error;
    })
    .finally(() => {
      wait.abort();
      void told.catch(() => {});
      void ended.catch(() => {});
    });
  const [tag, value, reason] = message instanceof Tuple ? message.items : [];
  if (tag === READY) return value as Term;
  const kind = tag === FAILED && value instanceof Atom ? value.name : "error";
  throw new ScriptError(node.name, name, kind, reason instanceof Atom ? reason.name : "other");
}

class Keeper implements Kept {
  readonly value: Term;
  readonly #node: BeamNode;
  readonly #name: string;
  readonly #mailbox: Mailbox;
  readonly #spawned: Spawned;
  readonly #timeout: number;
  #released: Promise<void> | undefined;

  constructor(
    node: BeamNode,
    name: string,
    mailbox: Mailbox,
    spawned: Spawned,
    value: Term,
    timeout: number,
  ) {
    this.value = value;
    this.#node = node;
    this.#name = name;
    this.#mailbox = mailbox;
    this.#spawned = spawned;
    this.#timeout = timeout;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #release(): Promise<void> {
    if (this.#node.closing) return;
    try {
      this.#mailbox.send(this.#spawned.pid, tuple(RELEASE, this.#mailbox.pid));
      await answered(this.#node, this.#name, this.#mailbox, this.#spawned, this.#timeout);
    } catch (error) {
      if (!(error instanceof NodeDownError)) throw error;
    } finally {
      this.#mailbox.close();
    }
  }
}
