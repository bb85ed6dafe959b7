/** Ways to make right bytes wrong. */

import type { Random } from "./random.ts";

const HOSTILE = [
  0,
  1,
  0x7f,
  0x80,
  0xff,
  0xffff,
  0x7fff_ffff,
  0xffff_ffff,
  0x1000_0000,
  64 * 1024 + 1,
];
const MOST = 2 * 1024 * 1024;

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (bytes) => bytes,
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => changed(bytes, random, (copy, at) => (copy[at] = random.below(256))),
  (bytes, random) =>
    changed(
      bytes,
      random,
      (copy, at) => (copy[at] = (copy[at] as number) ^ (1 << random.below(8))),
    ),
  // A length, an arity or a tag that claims far more than there is.
  (bytes, random) =>
    changed(bytes, random, (copy, at) => {
      if (at + 4 <= copy.length) copy.writeUInt32BE(random.pick(HOSTILE) >>> 0, at);
    }),
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, random, other) => {
    const [from, to] = range(other, random);
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
  },
  (_bytes, random) =>
    Buffer.from(Array.from({ length: random.below(80) }, () => random.below(256))),
];

/** One to three changes. */
export function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let made = bytes;
  for (let times = 1 + random.below(3); times > 0; times--) {
    made = random.pick(MUTATIONS)(made, random, other);
  }
  return made.length > MOST ? made.subarray(0, MOST) : made;
}

function changed(
  bytes: Buffer,
  random: Random,
  change: (copy: Buffer, at: number) => void,
): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) change(copy, random.below(copy.length));
  return copy;
}

function range(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, from + random.below(Math.min(64, bytes.length - from + 1))];
}
