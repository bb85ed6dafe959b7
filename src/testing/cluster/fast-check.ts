/** What is used of fast-check, which the user passes in: in our own words, so that nobody else needs it installed. */

// biome-ignore lint/suspicious/noExplicitAny: classes of fast-check that are of no interest here, such as its streams
type Theirs = any;

/** fast-check's `Arbitrary`: what takes the one takes the other. */
export interface ArbitraryOf<T> {
  generate(random: Theirs, bias: number | undefined): Theirs;
  canShrinkWithoutContext(value: unknown): value is T;
  shrink(value: T, context: unknown): Theirs;
  filter(predicate: (value: T) => boolean): Theirs;
  map<U>(mapper: (value: T) => U, unmapper?: (value: unknown) => T): ArbitraryOf<U>;
  chain<U>(chainer: (value: T) => Theirs): ArbitraryOf<U>;
}

/** The functions that are called of fast-check: its default export, or `import * as fc`. */
export interface FastCheck {
  constant<T>(value: T): ArbitraryOf<T>;
  integer(constraints: { min: number; max: number }): ArbitraryOf<number>;
  constantFrom<T>(...values: T[]): ArbitraryOf<T>;
  array<T>(
    arbitrary: ArbitraryOf<T>,
    constraints: { minLength: number; maxLength: number },
  ): ArbitraryOf<T[]>;
  tuple<A, B>(a: ArbitraryOf<A>, b: ArbitraryOf<B>): ArbitraryOf<[A, B]>;
  oneof<T>(...arbitraries: ArbitraryOf<T>[]): ArbitraryOf<T>;
}
