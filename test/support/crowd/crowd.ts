/** Thousands of clients of the shop, held open by processes of their own. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Members } from "./members.ts";

/** `channel`: a websocket that joined one; `bare`: one without; `idle`: HTTP between two requests; `busy`: a request that runs for an hour. */
export type CrowdKind = "channel" | "bare" | "idle" | "busy";

/** What a member is told. */
export interface CrowdOrder {
  readonly open?: {
    readonly kind: CrowdKind;
    readonly port: number;
    readonly count: number;
    /** The address to call from: each has ports of its own. */
    readonly from: string;
  };
}

/** How many a member has open, by `port kind`. */
export type CrowdCounts = Readonly<Record<string, number>>;

const MEMBER = fileURLToPath(new URL("./member.ts", import.meta.url));

/** How many files a process started from here may have open. */
export function fileLimit(): number {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.POSITIVE_INFINITY : Number(stdout);
}

/** The clients. They end with us, however we end. */
export class Crowd implements AsyncDisposable {
  readonly #members: Members<CrowdOrder, CrowdCounts>;

  constructor(members = 2) {
    this.#members = new Members(MEMBER, members);
  }

  /** Resolves when the server has answered all of them; a busy one when its request is sent. */
  async open(kind: CrowdKind, port: number, count: number): Promise<void> {
    await this.#members.ask(
      (share, index) => ({ open: { kind, port, count: share, from: `127.0.0.${index + 2}` } }),
      count,
    );
  }

  /** How many are open now, by `port kind`. */
  async counts(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const held of await this.#members.ask(() => ({}))) {
      for (const [label, count] of Object.entries(held)) sums[label] = (sums[label] ?? 0) + count;
    }
    return sums;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#members[Symbol.asyncDispose]();
  }
}
