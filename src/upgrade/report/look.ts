/** After the resume: whose clients are gone, and who ended right after it. */

import { setTimeout as delay } from "node:timers/promises";
import type { Guardian } from "../../guard/index.ts";
import type { Facts } from "../../instructions/index.ts";
import type { Remote } from "../../otp/index.ts";
import { clientsLeft, gone } from "./left.ts";

/** What was seen. */
export interface Look {
  /** See {@link OperationCounts}. */
  readonly clientsLeft: number | undefined;
  readonly gone: number | undefined;
  /** Milliseconds after the resume. */
  readonly after: number;
}

/** So long after the resume, at least, the second look is taken: a process that works off its queue ends only then. */
const SOON = 250;

/** Begins with the first look; the second one is taken when it is asked for. No failure of it is one of the operation. */
export class AfterResume {
  readonly #remote: Remote;
  readonly #guardian: Pick<Guardian, "times">;
  readonly #left: Promise<number | undefined>;
  readonly #since = performance.now();

  constructor(
    remote: Remote,
    guardian: Pick<Guardian, "times">,
    { sockets }: Pick<Facts, "sockets">,
  ) {
    this.#remote = remote;
    this.#guardian = guardian;
    const transports = sockets.map(({ transport }) => transport);
    this.#left = clientsLeft(remote, transports).catch(() => undefined);
  }

  async end(): Promise<Look> {
    const left = await this.#left;
    const early = SOON - (performance.now() - this.#since);
    const { processes } = this.#guardian.times;
    if (early > 0 && processes.length > 0) await delay(early);
    const pids = processes.map(({ what }) => what);
    const ended = await gone(this.#remote, pids).catch(() => undefined);
    return { clientsLeft: left, gone: ended, after: Math.round(performance.now() - this.#since) };
  }
}
