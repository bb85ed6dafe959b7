/** What happened in a cluster: the connections, and the faults. */

/** What happened. */
export type FaultEventType =
  /** A node registered itself; its registration is over. */
  | "registered"
  | "left"
  /** A link is up; a call was turned away or got no connection; a link or a call is over. */
  | "up"
  | "refused"
  | "closed"
  /** What was asked of the cluster. */
  | "fault"
  | "heal"
  /** What became of a message. */
  | "dropped"
  | "delayed"
  /** A predicate threw, or a message could not be read; nothing was harmed. */
  | "error";

/** One entry of the history. `String(event)` is a line of text. */
export interface FaultEvent {
  readonly type: FaultEventType;
  /** Milliseconds since the cluster was started. */
  readonly at: number;
  /** The nodes that it concerns, as they are known: the caller first. */
  readonly nodes: readonly string[];
  /** The rest, in words. */
  readonly detail: string;
  /** All of it in a line. */
  toString(): string;
}

/** So many are kept; the oldest go first. */
const KEPT = 10_000;

class Entry implements FaultEvent {
  readonly type: FaultEventType;
  readonly at: number;
  readonly nodes: readonly string[];
  readonly detail: string;

  constructor(type: FaultEventType, at: number, nodes: readonly string[], detail: string) {
    this.type = type;
    this.at = at;
    this.nodes = nodes;
    this.detail = detail;
  }

  toString(): string {
    const time = `${(this.at / 1000).toFixed(3)} s`;
    return [time, this.type, this.nodes.join(" "), this.detail].filter(Boolean).join("  ");
  }
}

/** The last 10,000 events. */
export class History {
  readonly #start = performance.now();
  readonly #events: FaultEvent[] = [];

  add(type: FaultEventType, nodes: readonly string[], detail = ""): void {
    if (this.#events.length >= KEPT * 1.1) this.#events.splice(0, this.#events.length - KEPT);
    this.#events.push(new Entry(type, Math.round(performance.now() - this.#start), nodes, detail));
  }

  get events(): FaultEvent[] {
    return this.#events.slice(-KEPT);
  }
}
