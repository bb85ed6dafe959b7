/** Knows when what a node has sent to a mailbox of ours has arrived: a mark that the node sends behind it has. */

import { TimeoutError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { atom, type Pid, type Term, Tuple, tuple } from "../../term/index.ts";

const MARK = atom("beamctl_mark");

/** The marks of one mailbox, whose reader hands each message to {@link take} first. */
export class Arrivals {
  readonly #node: BeamNode;
  readonly #pid: Pid;
  readonly #timeout: number;
  readonly #waiting = new Map<Term, () => void>();
  #last = 0;

  constructor(node: BeamNode, pid: Pid, timeout: number) {
    this.#node = node;
    this.#pid = pid;
    this.#timeout = timeout;
  }

  /** Whether the message is one of our marks. */
  take(message: Term): boolean {
    if (!(message instanceof Tuple) || message.items[0] !== MARK) return false;
    this.#waiting.get(message.items[1] as Term)?.();
    return true;
  }

  /**
   * Resolves when all has arrived that the node sent before.
   * @param ask has the node send the mark; by default it sends it itself
   * @throws TimeoutError NodeDownError
   */
  async settle(
    ask: (mark: Tuple) => unknown = (mark) =>
      this.#node.call("erlang", "send", [this.#pid, mark], { timeout: this.#timeout }),
  ): Promise<void> {
    const mark = ++this.#last;
    const arrived = new Promise<void>((resolve) => this.#waiting.set(mark, resolve));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new TimeoutError("the node", this.#timeout, { node: this.#node.name });
      timer = setTimeout(() => reject(error), this.#timeout);
    });
    try {
      await Promise.race([Promise.all([ask(tuple(MARK, mark)), arrived]), late]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(mark);
    }
  }
}
