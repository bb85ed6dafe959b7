/** Faults between unmodified nodes: they find each other through our EPMD, which leads them through us. */

import { UsageError } from "../../errors.ts";
import { PredicateError } from "./errors.ts";
import type { FaultEvent } from "./history.ts";
import type { ClusterNode } from "./members.ts";
import type { MessagePredicate } from "./message.ts";
import { MessageFault, type MessageFaultOptions } from "./message-fault.ts";
import type { PartitionKind, Rule } from "./rules.ts";
import type { Switchboard } from "./switchboard.ts";

/** Which way between a first node and a second one: what the first sends, what the second sends, or all. */
export type FaultDirection = "to" | "from" | "both";

/** How long to wait. */
export interface ClusterWait {
  /** Milliseconds. Default 30,000. */
  readonly timeout?: number;
}

const WAIT = 30_000;

/**
 * A running cluster, made by {@link startFaultCluster}. Nodes are named by the part before the @ or in full; a name that is not known is an
 * UnknownNodeError. A fault lasts until `heal()`, for links that are made later too.
 * @example
 * import { type FaultCluster, startFaultCluster } from "beamctl/testing";
 *
 * const cluster: FaultCluster = await startFaultCluster();
 * console.log(cluster.env); // for the nodes, which you start
 * await cluster.registered(["a", "b"]);
 * cluster.partition(["a"], ["b"]);
 */
export class FaultCluster implements AsyncDisposable {
  /** What the nodes need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly #board: Switchboard;
  readonly #faults: { readonly what: string; readonly fault: MessageFault }[] = [];

  /** @internal Use {@link startFaultCluster}. */
  constructor(board: Switchboard, env: Readonly<Record<string, string>>) {
    this.#board = board;
    this.env = env;
  }

  /** The port of our EPMD. */
  get epmdPort(): number {
    return this.#board.epmd.port;
  }

  /** What happened so far: the last 10,000 events. */
  get history(): readonly FaultEvent[] {
    return this.#board.history.events;
  }

  /** The nodes that are registered now. */
  nodes(): ClusterNode[] {
    return this.#board.members.list(this.#board.epmd);
  }

  /** Waits until all these are registered. @throws TimeoutError */
  async registered(names: readonly string[], { timeout = WAIT }: ClusterWait = {}): Promise<void> {
    const missing = (): string[] => {
      const known = new Set(this.nodes().map(({ name }) => name));
      return names.filter((name) => !known.has(name.split("@")[0] as string));
    };
    await this.#board.waiters.until(() => missing().length === 0, {
      what: () => `the registration of ${missing().join(", ")}`,
      timeout,
      remedy:
        "Is cluster.env in the environment of the node, and does it share this machine's loopback?",
    });
  }

  /**
   * Parts each node of `left` from each of `right`. `silent` (default): nothing passes and nobody is told, until `net_ticktime` is over; what
   * was sent passes late if it is healed before, as TCP does. `reset`: links are reset, and calls as soon as they say their name. `refuse`: links end
   * in order, and calls are told that they are not allowed.
   */
  partition(
    left: readonly string[],
    right: readonly string[],
    { how = "silent" }: { readonly how?: PartitionKind } = {},
  ): void {
    const pairs = left.flatMap((a) => right.map((b) => this.#board.members.pair(a, b)));
    if (pairs.length === 0) throw new UsageError("a partition has a node on either side");
    for (const [a, b] of pairs) {
      this.#board.rules.change(a, b, { parted: how });
      this.#board.rules.change(b, a, { parted: how });
    }
    this.#did(`partition (${how})`, left, right);
  }

  /** What `a` sends no longer reaches `b` (`direction: "to"`, the default), as if lost on the way. The side that hears nothing gives up after `net_ticktime`. */
  cut(
    a: string,
    b: string,
    { direction = "to" }: { readonly direction?: FaultDirection } = {},
  ): void {
    this.#change(a, b, direction, { parted: "silent" });
    this.#did(`cut (${direction})`, [a], [b]);
  }

  /** All comes `milliseconds` late, each way unless told otherwise, and by chance up to `jitter` more; in order. */
  delay(
    a: string,
    b: string,
    milliseconds: number,
    {
      jitter = 0,
      direction = "both",
    }: { readonly jitter?: number; readonly direction?: FaultDirection } = {},
  ): void {
    if (!(milliseconds >= 0) || !(jitter >= 0)) throw new UsageError("a delay is not negative");
    this.#change(a, b, direction, { delay: milliseconds, jitter });
    this.#did(`delay ${milliseconds} ms${jitter > 0 ? ` and up to ${jitter}` : ""}`, [a], [b]);
  }

  /** So many bytes a second, each way unless told otherwise. Ticks wait like all else. */
  throttle(
    a: string,
    b: string,
    bytesPerSecond: number,
    { direction = "both" }: { readonly direction?: FaultDirection } = {},
  ): void {
    if (!(bytesPerSecond > 0)) throw new UsageError("a link of no bytes a second is a cut");
    this.#change(a, b, direction, { rate: bytesPerSecond });
    this.#did(`throttle to ${bytesPerSecond} bytes/s`, [a], [b]);
  }

  /** Ends what `a` says to `b` on the link of now, as one who has no more to say; what `b` says still passes. Nothing for `heal()` to undo. */
  halfClose(a: string, b: string): void {
    const [from, to] = this.#board.members.pair(a, b);
    for (const link of this.#board.between(from, to)) link.halfClose(from);
    this.#did("half-close", [a], [b]);
  }

  /**
   * Messages from `a` to `b` that the predicate chooses are lost, which no network does: for what a node must bear when a message was never sent.
   * @example
   * import { atom } from "beamctl/term";
   *
   * const lost = cluster.dropMessages("a", "b", ({ op, to }) => op === "reg_send" && to === atom("rex"), { count: 1 });
   * // ... a call of rpc from a to b times out
   * await lost.times(1);
   * @throws UsageError without `inspect`
   */
  dropMessages(
    a: string,
    b: string,
    predicate: MessagePredicate,
    options: MessageFaultOptions = {},
  ): MessageFault {
    return this.#messages(`dropMessages ${a} to ${b}`, a, b, undefined, predicate, options);
  }

  /**
   * Messages from `a` to `b` that the predicate chooses come late, and behind them what the same process sends: others overtake them.
   * @example
   * import { atom } from "beamctl/term";
   *
   * const late = cluster.delayMessages("a", "b", 50, ({ message }) => message === atom("hello"), { share: 0.5 });
   * @throws UsageError without `inspect`
   */
  delayMessages(
    a: string,
    b: string,
    milliseconds: number,
    predicate: MessagePredicate,
    options: MessageFaultOptions = {},
  ): MessageFault {
    if (!(milliseconds >= 0)) throw new UsageError("a delay is not negative");
    return this.#messages(`delayMessages ${a} to ${b}`, a, b, milliseconds, predicate, options);
  }

  /** Ends all faults, or those between two nodes. What was held back passes; nodes that are down for each other must call again themselves. */
  heal(): void;
  heal(a: string, b: string): void;
  heal(a?: string, b?: string): void {
    if ((a === undefined) !== (b === undefined)) throw new UsageError("a link has two nodes");
    const pair = a === undefined || b === undefined ? undefined : this.#board.members.pair(a, b);
    this.#board.rules.clear(pair);
    this.#board.history.add("heal", pair ?? []);
    this.#board.apply();
  }

  /** Whether a link is up between the two and neither has closed it. One that is silent is, as far as they know. */
  connected(a: string, b: string): boolean {
    const [from, to] = this.#board.members.pair(a, b);
    return this.#board.between(from, to).some((link) => link.whole);
  }

  /** Waits until no call is under way and each link is whole or gone: after a partition, until all have given up. @throws TimeoutError */
  async settled({ timeout = WAIT }: ClusterWait = {}): Promise<void> {
    const unsettled = () =>
      [...this.#board.links].filter((link) =>
        link.state === "calling" ? !link.silent : link.silent || !link.whole,
      );
    await this.#board.waiters.until(() => unsettled().length === 0, {
      what: () => {
        const links = unsettled().map(
          ({ caller, callee }) => `${caller ?? "unknown"} and ${callee}`,
        );
        return `the links between ${links.join(", ")}`;
      },
      timeout,
      remedy: "A silent link lasts for net_ticktime: start the cluster with a short tickTime.",
    });
  }

  /**
   * Ends EPMD and all links.
   * @throws PredicateError when a predicate threw that nobody was told of
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#board.close();
    for (const { what, fault } of this.#faults) {
      if (fault.untold !== undefined) throw new PredicateError(what, fault.untold.cause);
    }
  }

  #messages(
    what: string,
    a: string,
    b: string,
    late: number | undefined,
    predicate: MessagePredicate,
    options: MessageFaultOptions,
  ): MessageFault {
    if (!this.#board.inspect) {
      const remedy = "Start it with startFaultCluster({ inspect: true }).";
      throw new UsageError("this cluster does not read messages", { remedy });
    }
    const [from, to] = this.#board.members.pair(a, b);
    const failed = (error: unknown): void =>
      this.#board.history.add("error", [a, b], `${what}: the predicate threw ${String(error)}`);
    const fault = new MessageFault(what, late, predicate, options, this.#board.chance, failed);
    const { faults } = this.#board.rules.get(from, to);
    this.#faults.push({ what, fault });
    this.#board.rules.change(from, to, { faults: [...faults, fault] });
    this.#did(what, [a], [b]);
    return fault;
  }

  #change(a: string, b: string, direction: FaultDirection, change: Partial<Rule>): void {
    const [from, to] = this.#board.members.pair(a, b);
    if (direction !== "from") this.#board.rules.change(from, to, change);
    if (direction !== "to") this.#board.rules.change(to, from, change);
  }

  #did(what: string, left: readonly string[], right: readonly string[]): void {
    this.#board.history.add("fault", [...left, ...right], what);
    this.#board.apply();
  }
}
