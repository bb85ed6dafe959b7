/** Thousands of clients of the shop, held open by processes of their own. */

import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

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

type Report = { readonly held: Readonly<Record<string, number>> } | { readonly failed: string };

const MEMBER = fileURLToPath(new URL("./member.ts", import.meta.url));

/** How many files a process started from here may have open. */
export function fileLimit(): number {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  return stdout.trim() === "unlimited" ? Number.POSITIVE_INFINITY : Number(stdout);
}

/** The clients. They end with us, however we end. */
export class Crowd implements AsyncDisposable {
  readonly #members: readonly ChildProcess[];

  constructor(members = 2) {
    this.#members = Array.from({ length: members }, () =>
      fork(MEMBER, [], {
        execArgv: ["--import", "tsx"],
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      }),
    );
  }

  /** Resolves when the server has answered all of them; a busy one when its request is sent. */
  async open(kind: CrowdKind, port: number, count: number): Promise<void> {
    const share = Math.ceil(count / this.#members.length);
    await Promise.all(
      this.#members.map((member, index) => {
        const part = Math.max(0, Math.min(share, count - index * share));
        return ask(member, { open: { kind, port, count: part, from: `127.0.0.${index + 2}` } });
      }),
    );
  }

  /** How many are open now, by `port kind`. */
  async counts(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const held of await Promise.all(this.#members.map((member) => ask(member, {})))) {
      for (const [label, count] of Object.entries(held)) sums[label] = (sums[label] ?? 0) + count;
    }
    return sums;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#members.map(async (member) => {
        if (member.exitCode !== null || member.signalCode !== null) return;
        const ended = once(member, "exit");
        member.kill("SIGKILL");
        await ended;
      }),
    );
  }
}

function ask(member: ChildProcess, order: CrowdOrder): Promise<Readonly<Record<string, number>>> {
  return new Promise((resolve, reject) => {
    const settle = (report: Report): void => {
      member.off("message", settle);
      member.off("exit", gone);
      if ("failed" in report) reject(new Error(`the crowd: ${report.failed}`));
      else resolve(report.held);
    };
    const gone = (): void => settle({ failed: "a process of it ended" });
    member.on("message", settle);
    member.on("exit", gone);
    member.send(order);
  });
}
