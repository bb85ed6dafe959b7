/** A proxy that does to a link what networks do, as a fault cluster does between nodes, before a node that no EPMD knows. */

import { Link, type LinkHost } from "../../src/testing/cluster/link.ts";
import { dialWire, listenWires, type TcpListener, type Wire } from "../../src/transport/index.ts";

/** Which way bytes go no more. */
export type Direction = "both" | "to node" | "from node";

const NODE = "the node";

/** A proxy in front of a node's port on the loopback. Nothing that it holds back is ever delivered. */
export class FaultProxy implements AsyncDisposable {
  readonly #lines = new Set<Line>();
  #listener: TcpListener | undefined;

  /** Listens on a port of its own; connections go on to the port `to`. */
  static async start(to: number): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    proxy.#listener = await listenWires((wire) => proxy.#lines.add(new Line(wire, to)));
    return proxy;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Half-open: nothing passes any more on the connections of now, and nobody is told. What is sent is still acknowledged. */
  stall(direction: Direction = "both"): void {
    for (const line of this.#lines) line.stall(direction);
  }

  /** Resets the connections. */
  cut(): void {
    for (const { link } of this.#lines) link.reset("the test");
  }

  /** Ends the direction to the node, as one who has no more to say; the other goes on. */
  halfClose(): void {
    for (const { link } of this.#lines) link.halfClose(link.caller);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.#listener?.close();
  }
}

/** One connection, and what happens to it. */
class Line implements LinkHost {
  readonly inspect = false;
  readonly link: Link;
  readonly #to: number;
  #stalled: Direction | undefined;

  constructor(wire: Wire, to: number) {
    this.#to = to;
    this.link = new Link(wire, NODE, this);
  }

  stall(direction: Direction): void {
    this.#stalled = direction;
    this.link.apply();
  }

  dial(): Promise<Wire> {
    return dialWire("127.0.0.1", this.#to);
  }

  rule(_from: string | undefined, to: string | undefined): ReturnType<LinkHost["rule"]> {
    const open = to === NODE ? "from node" : "to node";
    const silent = this.#stalled !== undefined && this.#stalled !== open;
    return { parted: silent ? "silent" : undefined, faults: [] };
  }

  chance(): number {
    return 0;
  }

  changed(): void {}
  up(): void {}
  over(): void {}
  refused(): void {}
  did(): void {}
  unread(): void {}
}
