/** Whether a connection stays on this machine. */

import { BlockList } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether what is sent between these two addresses leaves this machine: one of them is the loopback, or both are the same. */
export function staysHere(remote: string | undefined, local: string | undefined): boolean {
  if (remote === undefined) return false;
  return remote === local || LOOPBACK.check(remote, remote.includes(":") ? "ipv6" : "ipv4");
}
