/** A remote through which only reading calls can leave. */

import type { Term } from "../term/index.ts";
import { isObserving } from "./allow-list.ts";
import { DeniedError } from "./errors.ts";
import type { CallOptions, Remote } from "./remote.ts";

/**
 * Wraps a node so that only the calls of the allow-list pass; all others reject with {@link DeniedError} before a byte leaves. It
 * protects against our own mistakes; on the node itself whoever has the cookie may do anything.
 * @example
 * import { listeners, observer } from "beamctl";
 *
 * const readOnly = observer(node);
 * await listeners(readOnly); // reads; installRelease(readOnly, "0.2.0") would be a DeniedError
 */
export function observer(node: Remote): Remote {
  return new Observer(node);
}

class Observer implements Remote {
  readonly name: string;
  readonly #node: Remote;

  constructor(node: Remote) {
    this.name = node.name;
    this.#node = node;
  }

  call(module: string, fun: string, args: readonly Term[], options?: CallOptions): Promise<Term> {
    if (!isObserving(module, fun, args)) {
      return Promise.reject(new DeniedError(this.name, `${module}:${fun}/${args.length}`));
    }
    // Of the options only the wait: whose output a call writes to, or that it is killed, is not an observer's business.
    return this.#node.call(module, fun, args, {
      timeout: options?.timeout,
      signal: options?.signal,
    });
  }
}
