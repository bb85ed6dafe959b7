/** What lies at a path on the node: a file with its size and MD5, a folder, or nothing. Contents stay there. */

import { Atom, charlist, type Term, Tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** A path on the node. */
export type PathState =
  | { readonly kind: "file"; readonly size: number; readonly md5: string }
  | { readonly kind: "folder" }
  | { readonly kind: "missing" };

/** Large files take the node's disk a while. */
const PATIENCE = 120_000;

/**
 * What lies at each of these paths, in their order. MD5 since `erlang` itself has it: `crypto` may be absent. Read in pieces of 1 MiB, so the
 * node's memory stays small. What cannot be read counts as missing.
 */
export async function pathStates(
  remote: Remote,
  paths: readonly string[],
  options?: CallOptions,
): Promise<PathState[]> {
  const answer = new Answer(remote, STATES.name);
  const bindings = { Paths: paths.map(charlist) };
  const result = await runScript(remote, STATES, bindings, { timeout: PATIENCE, ...options });
  return answer.list(result).map((state): PathState => {
    if (state instanceof Atom) return { kind: state.name === "folder" ? "folder" : "missing" };
    const [size, md5] = answer.tuple(state, 2);
    return { kind: "file", size: answer.integer(size), md5: hex(md5) };
  });
}

/** The bytes of a binary as hexadecimal; of anything else nothing. */
export function hex(term: Term | undefined): string {
  return term instanceof Uint8Array ? Buffer.from(term).toString("hex") : "";
}

/** Binds `Md5`: `{Size, Digest}` of a file, read in pieces; else `{error, Reason}`. Its variables have names that no script binds. */
export const MD5: string = `
Md5 = fun(Md5File) -> case file:open(Md5File, [read, raw, binary]) of
    {ok, Md5Fd} ->
        Md5Loop = fun Md5Loop(Md5Context, Md5Size) -> case file:read(Md5Fd, 1048576) of
            {ok, Md5Piece} -> Md5Loop(erlang:md5_update(Md5Context, Md5Piece), Md5Size + byte_size(Md5Piece));
            eof -> {Md5Size, erlang:md5_final(Md5Context)};
            Md5Failed -> Md5Failed
        end end,
        Md5Result = Md5Loop(erlang:md5_init(), 0),
        file:close(Md5Fd),
        Md5Result;
    Md5Failed -> Md5Failed
end end,
`;

const STATES: Script = new Script({
  name: "path_states",
  bindings: ["Paths"],
  source: `${MD5}
[case filelib:is_dir(Path) of
    true -> folder;
    false -> case Md5(Path) of {error, _} -> missing; Found -> Found end
end || Path <- Paths]`,
});

/** The reason in `{error, Reason}` or `{error, Step, Reason}` of a script as a word; `undefined` when the answer is no error. */
export function problemOf(result: Term): string | undefined {
  if (!(result instanceof Tuple)) return undefined;
  const [tag, ...rest] = result.items;
  if (!(tag instanceof Atom) || tag.name !== "error") return undefined;
  return rest.map((part) => (part instanceof Atom ? part.name : "other")).join(": ");
}
