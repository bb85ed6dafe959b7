/** How long the node takes to answer: what `net_adm:ping/1` asks `net_kernel`. */

import { atom, Tuple, tuple } from "../term/index.ts";
import type { Encoded } from "./processes.ts";
import { Request } from "./request.ts";

/** Resolves with milliseconds. */
export class Ping extends Request<number> {
  #sent = 0;

  protected describe(): string {
    return `a ping of ${this.link.peer.name}`;
  }

  protected transmit(): void {
    const { localName } = this.link.peer;
    this.#sent = performance.now();
    this.link.genCall(this, "net_kernel", tuple(atom("is_auth"), atom(localName)));
  }

  override message(payload: Encoded): void {
    const reply = payload.decode();
    if (!(reply instanceof Tuple) || reply.items[0] !== this.address?.generation) return;
    this.succeed(performance.now() - this.#sent);
  }
}
