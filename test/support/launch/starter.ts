/** Starts a node and an EPMD, says which, and waits to be killed: the subject of the test that nothing is left behind. */

import { provision } from "../beam/provision.ts";
import { startEpmd } from "./epmd.ts";
import { startErl } from "./erl.ts";

const otp = await provision("otp25");
const epmd = await startEpmd(otp);
const node = await startErl({ otp, epmd });
console.log(JSON.stringify({ node: node.pid, epmd: epmd.pid, home: node.home }));
