/** HTTP requests, each on a connection of its own, and a stream of slow ones that account for every answer. */

import { get, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { PhoenixTarget } from "../phoenix-target.ts";

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** A request; `connected` is called when its connection is there. */
export function request(
  target: Pick<PhoenixTarget, "http">,
  path: string,
  connected: () => void = () => {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = get(`${target.http}${path}`, { agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, body, headers }), reject);
    });
    sent.on("socket", (socket) => socket.once("connect", connected));
    sent.on("error", reject);
  });
}

/** Slow requests, some of them running at any time. */
export class SlowRequests {
  readonly #loops: Promise<void>[];
  readonly failures: string[] = [];
  #answered = 0;
  #ended = false;

  /** So many at a time, of so many milliseconds each. */
  constructor(target: PhoenixTarget, count: number, milliseconds: number) {
    this.#loops = Array.from({ length: count }, async (_, index) => {
      await pause((milliseconds * index) / count); // spread, so that there is always one in its middle
      while (!this.#ended) await this.#one(target, milliseconds);
    });
  }

  /** Resolves when the last has its answer; how many there were. */
  async end(): Promise<number> {
    this.#ended = true;
    await Promise.all(this.#loops);
    return this.#answered;
  }

  async #one(target: PhoenixTarget, milliseconds: number): Promise<void> {
    const wanted = `slept ${milliseconds}`;
    const { status, body } = await request(target, `/slow?ms=${milliseconds}`).catch(
      (error: Error) => ({ status: 0, body: error.message }),
    );
    if (status === 200 && body === wanted) this.#answered += 1;
    else this.failures.push(`${status} ${body}`);
  }
}
