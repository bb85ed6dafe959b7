/** Slow HTTP requests, each on a connection of its own: one that waits in the listener's backlog is waiting, not failed. */

import { get } from "node:http";

/** How long the server works on each request, in milliseconds. */
export const SLOW_MS = 1000;

/** How the requests went. */
export interface HttpFigures {
  readonly sent: number;
  readonly failed: number;
  /** Why they failed, each reason once. */
  readonly reasons: readonly string[];
  /** Those that began in one version and would have called the other one at their end. */
  readonly mixed: number;
}

/** Begins a slow request at a steady pace, whether or not the earlier ones were answered: about `inFlight` run at any time. */
export class SlowRequests {
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #ms: number;
  #sent = 0;
  #failed = 0;
  readonly #reasons = new Set<string>();
  #mixed = 0;

  /** @param ms how long the server works on each. Default 1000 */
  constructor(port: number, inFlight: number, ms = SLOW_MS) {
    this.#ms = ms;
    this.#timer = setInterval(() => this.#begin(port), ms / inFlight);
  }

  /** Sends no more, and waits for the answers that are still to come. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  figures(): HttpFigures {
    return {
      sent: this.#sent,
      failed: this.#failed,
      reasons: [...this.#reasons],
      mixed: this.#mixed,
    };
  }

  #begin(port: number): void {
    this.#sent += 1;
    const running = request(port, this.#ms)
      .then(
        (body) => {
          const [first, last] = body.split(" ");
          if (first !== last) this.#mixed += 1;
        },
        (reason: Error) => {
          this.#failed += 1;
          this.#reasons.add(reason.message);
        },
      )
      .then(() => {
        this.#running.delete(running);
      });
    this.#running.add(running);
  }
}

/**
 * One request that the server works on for `ms` milliseconds: its whole body.
 * @throws Error when it was not answered with 200 within 10 seconds more
 */
export function request(port: number, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: `/slow?ms=${ms}`, agent: false };
    const signal = AbortSignal.timeout(ms + 10_000);
    get({ ...options, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200 && response.complete) resolve(body);
        else reject(new Error(`it was answered ${response.statusCode}, ${body.length} characters`));
      });
    }).on("error", reject);
  });
}
