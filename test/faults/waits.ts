/** Times in milliseconds, counted by their value: hundreds of thousands of them take no room. */

/** How times are spread, in whole milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The times of one kind. */
export class Waits {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(ms: number): void {
    const rounded = Math.round(ms);
    this.#counts.set(rounded, (this.#counts.get(rounded) ?? 0) + 1);
    this.#total += 1;
  }

  get spread(): Spread {
    return { p50: this.#at(0.5), p99: this.#at(0.99), max: this.#at(1) };
  }

  #at(part: number): number {
    let [passed, found] = [0, 0];
    for (const [ms, count] of [...this.#counts].sort(([one], [other]) => one - other)) {
      found = ms;
      passed += count;
      if (passed >= this.#total * part) break;
    }
    return found;
  }
}
