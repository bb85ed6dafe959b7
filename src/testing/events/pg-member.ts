/** A process of ours that is a member of `pg` groups. */

import type { Mailbox } from "../../node/index.ts";
import { keyOf, type Pid, type Term } from "../../term/index.ts";
import type { PgScope } from "./pg-scope.ts";

/** A member; `await using` has it leave its groups and closes its mailbox. */
export class PgMember implements AsyncDisposable {
  /** Where what is sent to the groups arrives. Do not close it: {@link PgMember[Symbol.asyncDispose]} does. */
  readonly mailbox: Mailbox;
  readonly #scope: PgScope;
  readonly #groups = new Map<unknown, Term>();

  /** @internal Use `PgScope.join`. */
  constructor(scope: PgScope, mailbox: Mailbox) {
    this.#scope = scope;
    this.mailbox = mailbox;
  }

  /** Our process, as the node sees it among the members. */
  get pid(): Pid {
    return this.mailbox.pid;
  }

  /** The groups that it is in. */
  get groups(): Term[] {
    return [...this.#groups.values()];
  }

  /**
   * Joins one more group; resolves when the node knows. Does nothing when it is in it: unlike a process there it joins a group once.
   * @throws TopologyError when the scope has ended; TimeoutError NodeDownError
   */
  async join(group: Term): Promise<void> {
    const key = keyOf(group);
    if (this.#groups.has(key)) return;
    this.#groups.set(key, group);
    await this.#scope.enter(group, this.pid);
  }

  /**
   * Leaves a group; resolves when the node knows. Does nothing when it is not in it.
   * @throws TimeoutError
   */
  async leave(group: Term): Promise<void> {
    if (this.#groups.delete(keyOf(group))) await this.#scope.leave([group], this.pid);
  }

  /** Leaves its groups and ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    const groups = this.groups;
    this.#groups.clear();
    this.#scope.forget(this);
    try {
      if (groups.length > 0) await this.#scope.leave(groups, this.pid);
    } finally {
      this.mailbox.close();
    }
  }
}
