/** OTP's `code`: loading a file by its name, and the code path. */

import { charlist, inspect, type Term } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";

/**
 * `load_abs/1`: loads this very file; what ran is old code then. `path` is without its `.beam`. Changes the node.
 * @returns why it could not be loaded, as `not_purged` or `nofile`
 */
export async function loadAbsolute(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const answer = new Answer(remote, "code:load_abs/1");
  const call = { timeout: 30_000, ...options };
  const [tag, what] = answer.tuple(
    await remote.call("code", "load_abs", [charlist(path)], call),
    2,
  );
  return answer.atom(tag) === "module" ? undefined : inspect(what as Term, { limit: 5 });
}

/** `get_path/0`: the folders of the code path, in order. Read-only; an observer refuses it. */
export async function codePath(remote: Remote, options?: CallOptions): Promise<string[]> {
  const answer = new Answer(remote, "code:get_path/0");
  return answer
    .list(await remote.call("code", "get_path", [], options))
    .map((folder) => answer.text(folder));
}

/** Takes folders off the code path and puts one in front of it (`del_path/1`, `add_patha/1`). Changes the node. */
export async function replaceInCodePath(
  remote: Remote,
  old: readonly string[],
  folder: string,
  options?: CallOptions,
): Promise<void> {
  for (const one of old) await remote.call("code", "del_path", [charlist(one)], options);
  await remote.call("code", "add_patha", [charlist(folder)], options);
}
