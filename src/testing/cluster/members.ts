/** The nodes of a cluster: their names, and the doors at which others reach them. */

import { UsageError } from "../../errors.ts";
import type { EpmdServer } from "../../node/index.ts";
import { listenWires, type TcpListener, type Wire } from "../../transport/index.ts";
import { UnknownNodeError } from "./errors.ts";

/** A node that has registered itself. */
export interface ClusterNode {
  /** The part before the @. */
  readonly name: string;
  /** Its full name, once it has spoken to another. */
  readonly node: string | undefined;
  /** The port that it listens on itself. */
  readonly port: number;
  /** The port that others are given. */
  readonly proxyPort: number;
}

/** Who is who. A node keeps its door when it starts again. */
export class Members {
  readonly #doors = new Map<string, TcpListener>();
  readonly #full = new Map<string, string>();
  readonly #host: string;
  readonly #accept: (wire: Wire, callee: string) => void;

  constructor(host: string, accept: (wire: Wire, callee: string) => void) {
    this.#host = host;
    this.#accept = accept;
  }

  /** Opens a door for the node, if it has none. @throws ListenError */
  async open(name: string): Promise<void> {
    if (this.#doors.has(name)) return;
    const door = await listenWires((wire) => this.#accept(wire, name), { host: this.#host });
    if (this.#doors.has(name)) await door.close();
    else this.#doors.set(name, door);
  }

  portOf(name: string): number | undefined {
    return this.#doors.get(name)?.port;
  }

  /** Learns a full name. */
  learn(node: string | undefined): void {
    const name = node?.split("@")[0];
    if (node !== undefined && name !== undefined) this.#full.set(name, node);
  }

  /** Forgets one who only visited. */
  forget(node: string): void {
    const name = node.split("@")[0] as string;
    if (!this.#doors.has(name)) this.#full.delete(name);
  }

  list(epmd: EpmdServer): ClusterNode[] {
    return epmd.nodes.map(({ name, port }) => {
      return { name, node: this.#full.get(name), port, proxyPort: this.portOf(name) ?? port };
    });
  }

  /** The short name of a node. @throws UnknownNodeError */
  find(name: string): string {
    const short = name.split("@")[0] as string;
    const full = this.#full.get(short);
    const known = this.#doors.has(short) || full !== undefined;
    if (known && (name === short || full === undefined || full === name)) return short;
    const all = new Set([...this.#doors.keys(), ...this.#full.keys()]);
    throw new UnknownNodeError(name, [...all].map((one) => this.#full.get(one) ?? one).toSorted());
  }

  /** Two different nodes. @throws UnknownNodeError UsageError */
  pair(a: string, b: string): [string, string] {
    const pair: [string, string] = [this.find(a), this.find(b)];
    if (pair[0] !== pair[1]) return pair;
    throw new UsageError(`${a} has no link to itself`, { remedy: "Name two different nodes." });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.values()].map((door) => door.close()));
  }
}
