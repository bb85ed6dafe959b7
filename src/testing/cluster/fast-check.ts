/** What is used of fast-check, which the user passes in: in our own words, so that nobody else needs it installed. */

// biome-ignore lint/suspicious/noExplicitAny: classes of fast-check that are of no interest here, such as its streams
type Theirs = any;

/** fast-check's `Arbitrary`: what takes the one takes the other. */
export interface ArbitraryOf<T> {
  /** A value. */
  generate(random: Theirs, bias: number | undefined): Theirs;
  /** Whether a value from elsewhere can be shrunk. */
  canShrinkWithoutContext(value: unknown): value is T;
  /** Smaller values. */
  shrink(value: T, context: unknown): Theirs;
  /** Only those that fit. */
  filter(predicate: (value: T) => boolean): Theirs;
  /** Each turned into something else. */
  map<U>(mapper: (value: T) => U, unmapper?: (value: unknown) => T): ArbitraryOf<U>;
  /** Each leads to another arbitrary. */
  chain<U>(chainer: (value: T) => Theirs): ArbitraryOf<U>;
}

/** The functions that are called of fast-check: its default export, or `import * as fc`. */
export interface FastCheck {
  /** Always this value. */
  constant<T>(value: T): ArbitraryOf<T>;
  /** Whole numbers. */
  integer(constraints: { min: number; max: number }): ArbitraryOf<number>;
  /** One of these values. */
  constantFrom<T>(...values: T[]): ArbitraryOf<T>;
  /** Arrays of these. */
  array<T>(
    arbitrary: ArbitraryOf<T>,
    constraints: { minLength: number; maxLength: number },
  ): ArbitraryOf<T[]>;
  /** Pairs. */
  tuple<A, B>(a: ArbitraryOf<A>, b: ArbitraryOf<B>): ArbitraryOf<[A, B]>;
  /** One of these arbitraries. */
  oneof<T>(...arbitraries: ArbitraryOf<T>[]): ArbitraryOf<T>;
}
