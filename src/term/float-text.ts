/** Floats as the shortest text that reads back as the same float. */

/** As `io_lib:format("~p")` and `float_to_binary(F, [short])` since OTP 25: plain or with an exponent, whichever is shorter. */
export function erlangFloat(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  // The value is 0.DIGITS times ten to the power of `place`.
  const place = exponent + 1;
  if (value === 0) return `${sign}0.0`;
  const scientific = `${digits[0]}.${digits.slice(1) || "0"}e${exponent}`;
  const cost = String(exponent).length + 1 + (digits.length === 1 ? 2 : 1);
  if (place <= 0) {
    if (place < 0 && 2 - place > cost) return sign + scientific;
    return `${sign}0.${"0".repeat(-place)}${digits}`;
  }
  if (place < digits.length) return `${sign}${digits.slice(0, place)}.${digits.slice(place)}`;
  const exact = Math.abs(value) < 2 ** 53;
  if (exact && place - digits.length + 2 <= cost) {
    return `${sign}${digits}${"0".repeat(place - digits.length)}.0`;
  }
  return sign + scientific;
}

/** As Elixir's `inspect/1` since 1.18: whole floats below 1.0e16 are written out, the others as Erlang does. */
export function elixirFloat(value: number): string {
  const size = Math.abs(value);
  return size >= 1 && size < 1e16 && Number.isInteger(value) ? `${value}.0` : erlangFloat(value);
}
