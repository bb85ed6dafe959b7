/** An Erlang IP address as text. */

import { type Term, Tuple } from "../term/index.ts";

/** `{127,0,0,1}` as `127.0.0.1`, eight groups as IPv6 in its shortest form; `undefined` for any other tuple. */
export function ipText({ items }: Tuple): string | undefined {
  const numbers = items.filter((item) => typeof item === "number");
  if (numbers.length !== items.length) return undefined;
  if (numbers.length === 4) return numbers.join(".");
  if (numbers.length !== 8) return undefined;
  // The URL parser writes IPv6 as RFC 5952 wants it.
  const groups = numbers.map((group) => group.toString(16)).join(":");
  return URL.canParse(`http://[${groups}]`)
    ? new URL(`http://[${groups}]`).hostname.slice(1, -1)
    : undefined;
}

/** `{Ip, Port}` as `inet:sockname/1` gives it; `undefined` for anything else, as a Unix socket. */
export function addressOf(term: Term | undefined): { ip: string; port: number } | undefined {
  const [ip, port] = term instanceof Tuple ? term.items : [];
  const text = ip instanceof Tuple ? ipText(ip) : undefined;
  return text === undefined || typeof port !== "number" ? undefined : { ip: text, port };
}
