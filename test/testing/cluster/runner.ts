/** A test runner with a fault cluster of two nodes, which says what it holds and waits to be killed. */

import { startFaultCluster } from "../../../src/testing/index.ts";
import { ping, startMembers } from "./nodes.ts";

const cluster = await startFaultCluster();
const [a, b] = await startMembers(cluster, ["otp27", "otp27"]);
if (a === undefined || b === undefined) throw new Error("no nodes");
const met = await ping(a, b);
cluster.delay(a.name, b.name, 3_600_000);
const ports = [cluster.epmdPort, ...cluster.nodes().map(({ proxyPort }) => proxyPort)];
console.log(JSON.stringify({ met, pids: [a.process.pid, b.process.pid], ports }));
