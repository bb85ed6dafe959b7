/** Node names and network addresses as users write them. */

import { UsageError } from "../errors.ts";

/** The two parts of a node's name. */
export interface NodeName {
  readonly name: string;
  readonly host: string;
}

/**
 * Splits `name@host`.
 * @throws UsageError when there is not exactly one `@` with something on both sides
 */
export function parseNodeName(node: string): NodeName {
  const parts = node.split("@");
  const [name, host] = parts;
  if (parts.length !== 2 || !name || !host) {
    throw new UsageError(`${JSON.stringify(node)} is no node name`, {
      remedy: "Write it as name@host.",
    });
  }
  return { name, host };
}

/** A host and a TCP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[ipv6]:port`, or takes the two as they are.
 * @throws UsageError when there is no port in it
 */
export function parseAddress(address: Address | string): Address {
  if (typeof address !== "string") return address;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const [, ipv6, host, port] = match ?? [];
  if (port === undefined) {
    throw new UsageError(`${JSON.stringify(address)} is no address`, {
      remedy: "Write it as host:port, or [ipv6]:port.",
    });
  }
  return { host: (ipv6 ?? host) as string, port: Number(port) };
}
