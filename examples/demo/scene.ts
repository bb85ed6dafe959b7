/** The live system under load: the shop, its websocket clients, and the slow requests. */

import { type BeamNode, connect } from "../../src/node/index.ts";
import { provision } from "../../test/support/index.ts";
import { type ShopNode, startShop } from "../../test/support/shop/start.ts";
import { Clients } from "./clients.ts";
import { SlowRequests } from "./http.ts";

const SLOW_REQUESTS = 20;

/** Everything that a run needs; it ends with the run. */
export interface Scene extends AsyncDisposable {
  readonly shop: ShopNode;
  readonly node: BeamNode;
  readonly clients: Clients;
  readonly requests: SlowRequests;
}

/** Starts the shop at 0.1.0, connects to it, and puts it under load. */
export async function openScene(sockets: number, note: (text: string) => void): Promise<Scene> {
  const shop = await startShop({ otp: await provision("otp25") });
  try {
    note(`shop 0.1.0 runs as ${shop.name} with Cowboy on port ${shop.httpPort}`);
    const address = { host: "127.0.0.1", port: shop.distPort };
    const node = await connect(shop.name, { cookie: shop.cookie, address });
    const clients = await Clients.connect(shop.httpPort, sockets);
    clients.start();
    const requests = new SlowRequests(shop.httpPort, SLOW_REQUESTS);
    note(`${sockets} websockets push, ${SLOW_REQUESTS} slow requests are in flight`);
    return {
      shop,
      node,
      clients,
      requests,
      async [Symbol.asyncDispose]() {
        clients.close();
        await requests.stop();
        await node.close();
        await shop[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await shop[Symbol.asyncDispose]();
    throw error;
  }
}
