/** The proof that both sides know the cookie. */

import { createHash, timingSafeEqual } from "node:crypto";

/** MD5 of the cookie followed by the challenge, an unsigned 32-bit integer, in decimal. */
export function digestOf(cookie: string, challenge: number): Uint8Array {
  return createHash("md5")
    .update(cookie)
    .update(String(challenge >>> 0))
    .digest();
}

/** Compares without telling by its time where two digests differ. */
export function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
