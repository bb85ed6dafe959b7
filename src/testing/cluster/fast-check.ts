/** What is used of fast-check, which the user passes in: in our own words, so that nobody else needs it installed. */

// biome-ignore lint/suspicious/noExplicitAny: classes of fast-check that are of no interest here, such as its streams
type Theirs = any;

/** fast-check's `Arbitrary`: what takes the one takes the other. */
export interface ArbitraryOf<T> {
  /** Makes a value. */
  generate(random: Theirs, bias: number | undefined): Theirs;
  /** Whether a value could be its own. */
  canShrinkWithoutContext(value: unknown): value is T;
  /** Smaller values. */
  shrink(value: T, context: unknown): Theirs;
  /** Only the values that the predicate takes. */
  filter(predicate: (value: T) => boolean): Theirs;
  /** What a function makes of the values. */
  map<U>(mapper: (value: T) => U, unmapper?: (value: unknown) => T): ArbitraryOf<U>;
  /** Values of an arbitrary that a function makes of each value. */
  chain<U>(chainer: (value: T) => Theirs): ArbitraryOf<U>;
}

/** The functions that are called of fast-check: its default export, or `import * as fc`. */
export interface FastCheck {
  /** Always this value. */
  constant<T>(value: T): ArbitraryOf<T>;
  /** Whole numbers, both ends included. */
  integer(constraints: { min: number; max: number }): ArbitraryOf<number>;
  /** One of these values. */
  constantFrom<T>(...values: T[]): ArbitraryOf<T>;
  /** Arrays of its values. */
  array<T>(
    arbitrary: ArbitraryOf<T>,
    constraints: { minLength: number; maxLength: number },
  ): ArbitraryOf<T[]>;
  /** A value of each. */
  tuple<A, B>(a: ArbitraryOf<A>, b: ArbitraryOf<B>): ArbitraryOf<[A, B]>;
  /** A value of one of them. */
  oneof<T>(...arbitraries: ArbitraryOf<T>[]): ArbitraryOf<T>;
}
