/** A shop that is about to be upgraded, and what its release handler finds there. */

import { join } from "node:path";
import { type BeamNode, connect } from "../../../src/node/index.ts";
import { unpackRelease } from "../../../src/otp/index.ts";
import { atom, type Pid, type Term, type Tuple } from "../../../src/term/index.ts";
import { type OtpSet, provision } from "../index.ts";
import { startShop } from "./start.ts";

/** A shop with 0.2.0 unpacked, and a link to it. */
export async function openShop(set: OtpSet = "otp25") {
  const shop = await startShop({ otp: await provision(set) });
  const address = { host: "127.0.0.1", port: shop.distPort };
  const node = await connect(shop.name, { cookie: shop.cookie, address });
  await unpackRelease(node, "shop-0.2.0");
  return {
    shop,
    node,
    file: join(shop.root, "releases/0.2.0/relup"),
    async [Symbol.asyncDispose]() {
      await node.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}

/** Who has the module in its child spec, by the release handler's own walk. */
export async function supervised(node: BeamNode, module: string): Promise<string[]> {
  const all = (await node.call("release_handler_1", "get_supervised_procs", [])) as Tuple[];
  return all
    .filter(({ items }) => (items[3] as readonly Term[]).includes(atom(module)))
    .map(({ items }) => String(items[2] as Pid))
    .toSorted();
}
