/** One process of the traffic: its websockets push numbered messages and account for every reply. */

import { Clients } from "../../../examples/demo/clients.ts";
import { serve } from "./members.ts";
import type { PushCounts, PushOrder } from "./traffic.ts";

let clients: Clients | undefined;

serve(async ({ open, stop = false }: PushOrder): Promise<PushCounts> => {
  if (open !== undefined) {
    clients = await Clients.connect(open.port, open.count, open.period);
    clients.start();
  }
  if (clients === undefined) throw new Error("it has no clients");
  if (stop) await clients.stop();
  return { ...clients.figures(), waits: clients.takeWaits() };
});
