/** Requests to the guardian on a node, and their answers, through one mailbox of ours. */

import { TimeoutError } from "../errors.ts";
import type { BeamNode, Mailbox } from "../node/index.ts";
import { Atom, atom, type Pid, type Term, Tuple, tuple } from "../term/index.ts";

const REQUEST = atom("beamctl");
const ANSWER = atom("beamctl_guard");

interface Waiter {
  readonly resolve: (answer: Tuple) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** The requests of one mailbox. It ends with the mailbox: whatever ends that ends the waits too. */
export class GuardChannel {
  readonly pid: Pid;
  readonly #node: BeamNode;
  readonly #mailbox: Mailbox;
  readonly #waiters = new Map<number, Waiter>();
  #next = 1;
  #failed: Error | undefined;

  constructor(node: BeamNode) {
    this.#node = node;
    this.#mailbox = node.mailbox();
    this.pid = this.#mailbox.pid;
    void this.#read();
  }

  /** The message that the guardian sends by itself when it starts: its reference is 0. */
  first(timeout: number): Promise<Tuple> {
    return this.#wait(0, "the guardian", timeout);
  }

  /**
   * @param timeout milliseconds; 0 waits as long as the link lives
   * @throws TimeoutError; or what ended the mailbox, as {@link end} says
   */
  request(to: Pid, epoch: number, what: Term, timeout: number): Promise<Tuple> {
    const ref = this.#next++;
    const answer = this.#wait(ref, "the guardian", timeout);
    try {
      this.#node.send(to, tuple(REQUEST, this.pid, epoch, ref, what));
    } catch (error) {
      this.#settle(ref)?.reject(error);
    }
    return answer;
  }

  /** Ends all waits with this error, and the mailbox. */
  end(error: Error): void {
    this.#failed ??= error;
    for (const ref of [...this.#waiters.keys()]) this.#settle(ref)?.reject(this.#failed);
    this.#mailbox.close();
  }

  #wait(ref: number, whom: string, timeout: number): Promise<Tuple> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const late = () =>
        this.#settle(ref)?.reject(new TimeoutError(whom, timeout, { node: this.#node.name }));
      const timer = timeout > 0 ? setTimeout(late, timeout) : undefined;
      this.#waiters.set(ref, { resolve, reject, timer });
    });
  }

  #settle(ref: number): Waiter | undefined {
    const waiter = this.#waiters.get(ref);
    this.#waiters.delete(ref);
    clearTimeout(waiter?.timer);
    return waiter;
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#mailbox) {
        const [tag, ref, answer] = message instanceof Tuple ? message.items : [];
        if (tag !== ANSWER || typeof ref !== "number" || !(answer instanceof Tuple)) continue;
        this.#settle(ref)?.resolve(answer);
      }
      this.end(new TimeoutError("the guardian", 0, { node: this.#node.name }));
    } catch (error) {
      this.end(error as Error);
    }
  }
}

/** `{ok, ...}` of the guardian; its refusals are the `reason`, and `lost` why it gave up. */
export type Answer =
  | { readonly ok: true; readonly items: readonly Term[] }
  | { readonly ok: false; readonly reason: string; readonly lost: string | undefined };

/** Reads `{ok, ...}`, `{error, Reason}` and `{error, {lost, Why}}`. */
export function readAnswer({ items: [tag, ...rest] }: Tuple): Answer {
  if (tag === atom("ok")) return { ok: true, items: rest };
  const [reason] = rest;
  if (reason instanceof Atom) {
    // A guardian of another epoch took over.
    const lost = reason.name === "stale" ? "taken" : undefined;
    return { ok: false, reason: reason.name, lost };
  }
  const [kind, why] = reason instanceof Tuple ? reason.items : [];
  const lost = kind === atom("lost") && why instanceof Atom ? why.name : undefined;
  return { ok: false, reason: lost ?? "unknown", lost };
}
