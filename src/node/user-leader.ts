/** The pid of the node's own `user` process, the group leader of what we start: its output and log events stay there. */

import { atom, Pid } from "../term/index.ts";
import { callByRex } from "./calls.ts";
import type { Link } from "./link.ts";
import { monitor } from "./monitors.ts";
import { RemoteError } from "./remote-error.ts";
import type { WaitOptions } from "./request.ts";

/** Looked up at the first use, and again after it was restarted. */
export class UserLeader {
  readonly #link: Link;
  #known: Pid | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** The pid, if it was looked up. */
  get known(): Pid | undefined {
    return this.#known;
  }

  /** The pid; a node without `user` gets one of ours that nobody listens to. */
  async pid(options: WaitOptions = {}): Promise<Pid> {
    if (this.#known !== undefined) return this.#known;
    if (!this.#link.runs) return this.#link.home.processes.nobody;
    const invocation = { module: "erlang", fun: "whereis", args: [atom("user")] };
    const wait = { timeout: options.timeout, signal: options.signal };
    const found = await callByRex(this.#link, invocation, wait).catch((error: unknown) => {
      if (error instanceof RemoteError) return undefined; // no BEAM: it runs nothing for us
      throw error;
    });
    if (!(found instanceof Pid)) return this.#link.home.processes.nobody;
    if (this.#known === undefined) {
      this.#known = found;
      const forget = (): void => {
        this.#known = undefined;
      };
      void monitor(this.#link, found).down.then(forget, forget);
    }
    return found;
  }
}
