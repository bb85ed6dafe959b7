/** OTP's `application`: what runs, in which version. */

import { atom, type Term, Tuple, textOf } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";

/** An application that is started. */
export interface RunningApplication {
  readonly name: string;
  readonly description: string;
  readonly version: string;
}

/**
 * `which_applications/0`. Read-only; it waits while an application starts or stops.
 * @example
 * import { whichApplications } from "beamctl";
 *
 * const shop = (await whichApplications(node)).find(({ name }) => name === "shop");
 * console.log(shop?.version);
 */
export async function whichApplications(
  remote: Remote,
  options?: CallOptions,
): Promise<RunningApplication[]> {
  const answer = new Answer(remote, "application:which_applications/0");
  return answer
    .list(await remote.call("application", "which_applications", [], options))
    .map((application) => {
      const [name, description, version] = answer.tuple(application, 3);
      return {
        name: answer.atom(name),
        description: textOf(description as Term) ?? "",
        version: answer.text(version),
      };
    });
}

/** `get_key/2`: a key of the application's .app file, as `vsn` or `modules`; `undefined` when it has none. Read-only. */
export async function applicationKey(
  remote: Remote,
  application: string,
  key: string,
  options?: CallOptions,
): Promise<Term | undefined> {
  const args = [atom(application), atom(key)];
  const result = await remote.call("application", "get_key", args, options);
  return result instanceof Tuple ? result.items[1] : undefined;
}
