/** One joined scope of `pg`: what the node tells of its groups, and the members of ours. */

import { type BeamError, isBeamError, TimeoutError } from "../../errors.ts";
import type { BeamNode, Mailbox, MailboxOptions } from "../../node/index.ts";
import { Answer } from "../../otp/index.ts";
import {
  Atom,
  atom,
  equals,
  inspect,
  keyOf,
  Pid,
  type Term,
  Tuple,
  textOf,
  tuple,
} from "../../term/index.ts";
import { TopologyError } from "../../topology/index.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import { PgMember } from "./pg-member.ts";

/** Processes of the node came to a group, or left it. */
export interface PgEvent {
  readonly kind: "join" | "leave";
  readonly group: Term;
  readonly pids: readonly Pid[];
}

/** How a scope is joined. */
export interface PgOptions extends EventStreamOptions {
  /** Milliseconds for joining the scope, and for each join and leave. Default 5000. */
  readonly timeout?: number | undefined;
}

const DISCOVER = atom("discover");
const SYNC = atom("sync");
const JOIN = atom("join");
const LEAVE = atom("leave");
const CAST = atom("$gen_cast");

interface Group {
  readonly name: Term;
  pids: readonly Pid[];
}

/**
 * A joined scope. Its events are what changed since, labelled `join GROUP` and `leave GROUP`, a binary or an atom without its marks.
 * @example
 * import { atom } from "beamctl/term";
 * import { type PgScope, pg } from "beamctl/testing";
 *
 * const scope: PgScope = await pg(shop, "shop");
 * await scope.next("join orders");
 * scope.members(atom("orders")); // [Pid]
 */
export class PgScope extends EventStream<PgEvent> {
  /** The scope's name. */
  readonly scope: string;
  readonly #node: BeamNode;
  readonly #process: Pid;
  readonly #peer: Mailbox;
  readonly #timeout: number;
  readonly #groups = new Map<unknown, Group>();
  readonly #members = new Set<PgMember>();
  readonly #settling: ((error?: BeamError) => void)[] = [];
  readonly #unwatch: () => void;
  #synced = false;
  #over: BeamError | undefined;

  /** @internal Use {@link pg}. */
  constructor(node: BeamNode, scope: string, process: Pid, options: PgOptions) {
    super(node.name, `an event of the pg scope ${scope}`, label, options);
    this.scope = scope;
    this.#node = node;
    this.#process = process;
    this.#timeout = options.timeout ?? 5_000;
    this.#peer = node.mailbox();
    const watch = node.monitor(process);
    this.#unwatch = () => watch.cancel();
    watch.down.then(
      () => this.#fail(gone(node, scope)),
      () => {}, // cancelled, or the link is lost, which the mailbox tells as well
    );
    void this.#listen();
  }

  /** The groups that processes of the node are in, as it told last. */
  groups(): Term[] {
    return [...this.#groups.values()].map(({ name }) => name);
  }

  /** The processes of the node in a group, as it told last; one that joined twice twice. Neither ours nor those of other nodes. */
  members(group: Term): readonly Pid[] {
    return this.#groups.get(keyOf(group))?.pids ?? [];
  }

  /**
   * Makes a process of ours that is a member of a group; resolves when the node knows. What is sent to it waits in its mailbox.
   * @throws TopologyError when the scope has ended; TimeoutError NodeDownError
   */
  async join(group: Term, options: MailboxOptions = {}): Promise<PgMember> {
    const member = new PgMember(this, this.#node.mailbox(options));
    this.#members.add(member);
    try {
      await member.join(group);
      return member;
    } catch (error) {
      this.#members.delete(member);
      member.mailbox.close();
      throw error;
    }
  }

  /** @internal */
  async enter(group: Term, pid: Pid): Promise<void> {
    this.#tell(tuple(JOIN, this.#peer.pid, group, pid));
    await this.settled();
  }

  /** @internal Only of a group that it is in: the scope of OTP 23 ends over any other. */
  async leave(groups: readonly Term[], pid: Pid): Promise<void> {
    if (this.#over !== undefined || this.#node.closing) return; // then nobody is a member any more
    this.#tell(tuple(LEAVE, this.#peer.pid, pid, [...groups]));
    await this.settled();
  }

  /** @internal */
  forget(member: PgMember): void {
    this.#members.delete(member);
  }

  /** @internal Resolves when the scope has done all that we asked of it so far: it answers a discovery with its groups. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(
          new TimeoutError(`the pg scope ${this.scope}`, this.#timeout, { node: this.#node.name }),
        );
      const timer = setTimeout(late, this.#timeout);
      this.#settling.push((error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      });
      try {
        // Without a version after the pid, which OTP 25 and before would end over.
        this.#tell(tuple(DISCOVER, this.#peer.pid));
      } catch (error) {
        if (!isBeamError(error)) throw error;
        this.#fail(error);
      }
    });
  }

  /** @internal */
  protected override settle(): Promise<void> {
    return this.settled();
  }

  /** Leaves the scope: its members of ours leave their groups, and their mailboxes are closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end("closed");
    this.#unwatch();
    // What does not leave in time leaves with the peer.
    await Promise.allSettled([...this.#members].map((member) => member[Symbol.asyncDispose]()));
    this.#peer.close();
  }

  #tell(message: Term): void {
    if (this.#over !== undefined) throw this.#over;
    this.#peer.send(this.#process, message);
  }

  async #listen(): Promise<void> {
    try {
      for await (const message of this.#peer) this.#hear(message);
    } catch (error) {
      if (!isBeamError(error)) throw error;
      this.#fail(error);
    }
  }

  #hear(message: Term): void {
    const [tag, first, second, third] = message instanceof Tuple ? message.items : [];
    if (tag === CAST && first instanceof Tuple && first.items[0] === SYNC) {
      const groups = first.items[2];
      if (this.#isScope(first.items[1]) && Array.isArray(groups)) this.#sync(groups);
    } else if (!this.#isScope(first)) {
      return;
    } else if (tag === DISCOVER) {
      this.#tell(tuple(CAST, tuple(SYNC, this.#peer.pid, this.#ours())));
    } else if (tag === JOIN && second !== undefined) {
      this.#change("join", second, pidsOf(third));
    } else if (tag === LEAVE && Array.isArray(third)) {
      for (const group of third as readonly Term[]) this.#change("leave", group, pidsOf(second));
    }
  }

  #isScope(pid: Term | undefined): boolean {
    return pid !== undefined && equals(pid, this.#process);
  }

  #sync(told: readonly Term[]): void {
    const groups = new Map<unknown, Group>();
    for (const entry of told) {
      const [name, pids] = new Answer(this.#node, "pg").tuple(entry, 2) as [Term, Term];
      groups.set(keyOf(name), { name, pids: pidsOf(pids) });
    }
    if (!this.#synced) {
      this.#synced = true;
      for (const [key, group] of groups) this.#groups.set(key, group);
    }
    // Later ones bring nothing new: every change was told, and in order.
    this.#settling.shift()?.();
  }

  #change(kind: PgEvent["kind"], group: Term, pids: readonly Pid[]): void {
    const key = keyOf(group);
    const before = this.#groups.get(key)?.pids ?? [];
    const after = kind === "join" ? [...before, ...pids] : without(before, pids);
    if (after.length === 0) this.#groups.delete(key);
    else this.#groups.set(key, { name: group, pids: after });
    this.push({ kind, group, pids });
  }

  #ours(): Term[] {
    const groups = new Map<unknown, [Term, Pid[]]>();
    for (const member of this.#members) {
      for (const group of member.groups) {
        const known = groups.get(keyOf(group));
        if (known === undefined) groups.set(keyOf(group), [group, [member.pid]]);
        else known[1].unshift(member.pid);
      }
    }
    return [...groups.values()].map(([group, pids]) => tuple(group, pids));
  }

  #fail(error: BeamError): void {
    this.#over ??= error;
    this.end(error);
    for (const settle of this.#settling.splice(0)) settle(error);
  }
}

function gone(node: BeamNode, scope: string): TopologyError {
  return new TopologyError(
    `the pg scope ${scope} of ${node.name} has ended, and with it its groups`,
    {
      node: node.name,
      remedy: "Join it again when it has been started again.",
      retryable: true,
    },
  );
}

function label({ kind, group }: PgEvent): string {
  return `${kind} ${group instanceof Atom ? group.name : (textOf(group) ?? inspect(group))}`;
}

function pidsOf(term: Term | undefined): Pid[] {
  const list = Array.isArray(term) ? (term as readonly Term[]) : [term];
  return list.filter((pid) => pid instanceof Pid);
}

function without(pids: readonly Pid[], gone: readonly Pid[]): Pid[] {
  const left = [...pids];
  for (const pid of gone) {
    const at = left.findIndex((other) => equals(other, pid));
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
