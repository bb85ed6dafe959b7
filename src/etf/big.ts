/** Big integers: little-endian magnitude bytes, with numbers where they fit. */

/** The integer of these bytes: a `number` when it is safe, else a `bigint`. */
export function readBig(
  bytes: Uint8Array,
  offset: number,
  length: number,
  negative: boolean,
): number | bigint {
  if (length <= 6) {
    let value = 0;
    for (let at = offset + length - 1; at >= offset; at--)
      value = value * 256 + (bytes[at] as number);
    return negative && value !== 0 ? -value : value;
  }
  const hex = Buffer.from(bytes.subarray(offset, offset + length))
    .reverse()
    .toString("hex");
  const value = BigInt(`0x${hex}`);
  const signed = negative ? -value : value;
  const small = Number(signed);
  return Number.isSafeInteger(small) ? small : signed;
}

/** The magnitude bytes of an integer, least significant first. */
export function magnitude(value: bigint): Uint8Array {
  const digits = (value < 0n ? -value : value).toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").reverse();
}
