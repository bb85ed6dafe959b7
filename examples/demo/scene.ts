/** The live system under load: the shop, its websocket clients, and the slow requests. */

import { join } from "node:path";
import { type BeamNode, connect } from "../../src/index.ts";
import { Cli } from "../../test/support/cli/run.ts";
import { provision } from "../../test/support/index.ts";
import { type ShopNode, startShop } from "../../test/support/shop/start.ts";
import { Clients } from "./clients.ts";
import { SlowRequests } from "./http.ts";

const SLOW_REQUESTS = 20;

/** Everything that a run needs; it ends with the run. */
export interface Scene extends AsyncDisposable {
  readonly shop: ShopNode;
  readonly node: BeamNode;
  /** The built command, for this node. */
  readonly cli: Cli;
  /** Where the command keeps its journals, and the library is told to. */
  readonly stateDirectory: string;
  readonly clients: Clients;
  readonly requests: SlowRequests;
}

/** Starts the shop at 0.1.0, connects to it, and puts it under load. */
export async function openScene(sockets: number, note: (text: string) => void): Promise<Scene> {
  const opened: (() => PromiseLike<void> | void)[] = [];
  const dispose = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const shop = await startShop({ otp: await provision("otp25") });
    opened.push(() => shop[Symbol.asyncDispose]());
    const { name, cookie, distPort, httpPort } = shop;
    note(`shop 0.1.0 runs as ${name} with Cowboy on port ${httpPort}`);
    const node = await connect(name, { cookie, address: { host: "127.0.0.1", port: distPort } });
    opened.push(() => node.close());
    const cli = await Cli.for({ name, cookie, port: distPort });
    opened.push(() => cli[Symbol.asyncDispose]());
    const clients = await Clients.connect(httpPort, sockets);
    opened.push(() => clients.close());
    clients.start();
    const requests = new SlowRequests(httpPort, SLOW_REQUESTS);
    opened.push(() => requests.stop());
    note(`${sockets} websockets push, ${SLOW_REQUESTS} slow requests are in flight`);
    const stateDirectory = join(cli.home, "state", "beamctl");
    return { shop, node, cli, stateDirectory, clients, requests, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
