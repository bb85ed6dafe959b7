/** A program with a node of ours, for tests that want one in a process of its own: says where it listens, serves, and ends with its input. */

import { startNode } from "../../../src/node/index.ts";
import { atom, tuple } from "../../../src/term/index.ts";

const [name, cookie] = process.argv.slice(2) as [string, string];
const node = await startNode(name, { cookie, listen: { epmd: false } });
node.serve("echo", { call: (request) => tuple(atom("echo"), request) });
node.allow("peer", "pid", 0, () => process.pid);
node.allow("peer", "large", 1, ([bytes]) => new Uint8Array(bytes as number));
console.log(node.port);
process.stdin.resume().on("end", () => void node.close());
