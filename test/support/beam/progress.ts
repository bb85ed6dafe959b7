/** Shows on stderr how far the downloads are: one line that moves on a terminal, a few plain lines elsewhere. */

const running = new Map<string, { state: string; shown: string }>();

/** Says what the set `name` is doing now, with the percentage where one is known. */
export function progress(name: string, state: string, percent?: number): void {
  const before = running.get(name);
  const shown = percent === undefined ? state : `${state} ${Math.floor(percent)}%`;
  running.set(name, { state, shown });
  if (process.stderr.isTTY) {
    if (before?.shown !== shown) draw();
  } else if (before?.state !== state) process.stderr.write(`${name}: ${state}\n`);
}

/** Says something about the set `name` that stays on the screen. */
export function notice(name: string, text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${name}: ${text}\n`);
}

/** Says that the set `name` came to its end, and how. */
export function finished(name: string, state: string): void {
  running.delete(name);
  process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${name}: ${state}\n`);
  if (process.stderr.isTTY && running.size > 0) draw();
}

function draw(): void {
  const line = [...running].map(([name, { shown }]) => `${name}: ${shown}`).join("  ");
  process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}
