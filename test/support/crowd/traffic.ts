/** Thousands of websockets that push all the time, kept by processes of their own: the process that upgrades does nothing else. */

import { fileURLToPath } from "node:url";
import type { ClientFigures } from "../../../examples/demo/clients.ts";
import { Members } from "./members.ts";

/** What a member is told; it answers with what it has counted. */
export interface PushOrder {
  readonly open?: { readonly port: number; readonly count: number; readonly period: number };
  /** Whether it shall push no more, and wait for the replies that are still to come. */
  readonly stop?: boolean;
}

/** What the clients have counted. */
export interface PushCounts extends ClientFigures {
  /** How long each push waited for its reply that was answered since the last question, in milliseconds. */
  readonly waits: readonly number[];
}

const PUSHER = fileURLToPath(new URL("./pusher.ts", import.meta.url));

/** The clients. They never reconnect, and end with us, however we end. */
export class Traffic implements AsyncDisposable {
  readonly #members: Members<PushOrder, PushCounts>;

  private constructor(members: Members<PushOrder, PushCounts>) {
    this.#members = members;
  }

  /** Opens `count` websockets, each joined to a channel, that push each `period` milliseconds from now on. */
  static async open(port: number, count: number, period: number): Promise<Traffic> {
    const members = new Members<PushOrder, PushCounts>(PUSHER, 2);
    try {
      await members.ask((share) => ({ open: { port, count: share, period } }), count);
      return new Traffic(members);
    } catch (error) {
      await members[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What all of them have counted until now. */
  async counts(): Promise<PushCounts> {
    return sum(await this.#members.ask(() => ({})));
  }

  /** Pushes no more, and waits for the replies that are still to come, for 10 seconds at most. */
  async stop(): Promise<PushCounts> {
    return sum(await this.#members.ask(() => ({ stop: true })));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#members[Symbol.asyncDispose]();
  }
}

function sum(all: readonly PushCounts[]): PushCounts {
  const total = (count: (one: PushCounts) => number): number =>
    all.reduce((so, one) => so + count(one), 0);
  return {
    open: total(({ open }) => open),
    same: total(({ same }) => same),
    sent: total(({ sent }) => sent),
    answered: total(({ answered }) => answered),
    outOfOrder: total(({ outOfOrder }) => outOfOrder),
    doubled: total(({ doubled }) => doubled),
    versions: [...new Set(all.flatMap(({ versions }) => versions))].sort(),
    waits: all.flatMap(({ waits }) => waits),
  };
}
