/** A wait that may be ended. */

import { setTimeout as delay } from "node:timers/promises";

/** Until the time (ms) is up or one of the signals fires; 0 waits for the signals alone. */
export async function whenOver(
  milliseconds: number,
  signals: readonly (AbortSignal | undefined)[],
): Promise<void> {
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  if (milliseconds > 0) await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  else if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
