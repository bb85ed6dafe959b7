/** Processes of our own that keep clients, so that neither their number nor their work is that of the process that measures. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** What a member answers an order. */
export type Report<T> = { readonly done: T } | { readonly failed: string };

/** The members: each does what it is told and answers. They end with us, however we end. */
export class Members<Order extends object, T> implements AsyncDisposable {
  readonly #members: readonly ChildProcess[];

  constructor(file: string, count: number) {
    this.#members = Array.from({ length: count }, () =>
      fork(file, [], {
        execArgv: ["--import", "tsx"],
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      }),
    );
  }

  /** Tells all of them, each its own share of `total`, and resolves when all have done it. */
  async ask(order: (share: number, index: number) => Order, total = 0): Promise<T[]> {
    const share = Math.ceil(total / this.#members.length);
    return await Promise.all(
      this.#members.map((member, index) => {
        const part = Math.max(0, Math.min(share, total - index * share));
        return ask<T>(member, order(part, index));
      }),
    );
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

/** Makes this process a member: it obeys one order after the other, and ends with its parent. */
export function serve<Order, T>(obey: (order: Order) => Promise<T>): void {
  process.on("message", (order: Order) => {
    void obey(order).then(
      (done) => process.send?.({ done }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    );
  });
  process.once("disconnect", () => process.exit());
}

function ask<T>(member: ChildProcess, order: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (report: Report<T>): void => {
      member.off("message", settle);
      member.off("exit", gone);
      if ("failed" in report) reject(new Error(`a member: ${report.failed}`));
      else resolve(report.done);
    };
    const gone = (): void => settle({ failed: "it ended" });
    member.on("message", settle);
    member.on("exit", gone);
    member.send(order);
  });
}
