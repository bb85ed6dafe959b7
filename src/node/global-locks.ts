/** The locks that `global` asks of every visible node: who holds which resource, until he gives it back or ends. */

import { keyOf, type Pid, type Term, Tuple } from "../term/index.ts";
import type { Link } from "./link.ts";
import { type Monitor, monitor } from "./monitors.ts";

interface Holder {
  readonly link: Link;
  readonly watch: Monitor;
}

interface Lock {
  readonly requester: unknown;
  /** Several processes may hold it for one requester. */
  readonly holders: Map<unknown, Holder>;
}

/** Most that are held at a time by processes of one node. */
const MOST = 10_000;

/** `{ResourceId, LockRequesterId}` by its resource. */
export class GlobalLocks {
  readonly #locks = new Map<unknown, Lock>();
  readonly #held = new Map<Link, number>();

  /** Whether the process, which is of the node of the link, has it now. */
  set(lock: Term | undefined, holder: Pid, link: Link): boolean {
    if (!(lock instanceof Tuple) || lock.items.length !== 2) return false;
    if (holder.node.name !== link.peer.name) return false;
    const [resource, requester] = lock.items.map((part) => keyOf(part));
    const known = this.#locks.get(resource);
    if (known !== undefined && known.requester !== requester) return false;
    const key = keyOf(holder);
    if (known?.holders.has(key) === true) return true;
    const held = this.#held.get(link) ?? 0;
    if (held >= MOST) return false;
    this.#held.set(link, held + 1);
    const made = known ?? { requester, holders: new Map<unknown, Holder>() };
    this.#locks.set(resource, made);
    const watch = monitor(link, holder);
    made.holders.set(key, { link, watch });
    const gone = () => this.#remove(resource, made, key);
    void watch.down.then(gone, gone);
    return true;
  }

  delete(lock: Term | undefined, holder: Pid): void {
    if (!(lock instanceof Tuple) || lock.items.length !== 2) return;
    const [resource, requester] = lock.items.map((part) => keyOf(part));
    const known = this.#locks.get(resource);
    if (known !== undefined && known.requester === requester)
      this.#remove(resource, known, keyOf(holder));
  }

  // Also when the holder, or the link with it, is gone: then its monitor is over.
  #remove(resource: unknown, lock: Lock, key: unknown): void {
    const holder = lock.holders.get(key);
    if (holder === undefined) return;
    lock.holders.delete(key);
    if (lock.holders.size === 0 && this.#locks.get(resource) === lock) this.#locks.delete(resource);
    const { link, watch } = holder;
    const held = (this.#held.get(link) ?? 1) - 1;
    if (held === 0) this.#held.delete(link);
    else this.#held.set(link, held);
    if (link.down === undefined) watch.cancel();
  }
}
