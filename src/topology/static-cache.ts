/** What Phoenix endpoints answer for static assets: they read the manifest of `mix phx.digest` when they start, and keep it. */

import { Answer, type CallOptions, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, charlist, Tuple, textOf } from "../term/index.ts";

/** An endpoint that has a manifest of static assets. */
export interface StaticCache {
  /** Its full name, as `Elixir.ShopWeb.Endpoint`. */
  readonly endpoint: string;
  /** The application whose folder the manifest is in. */
  readonly application: string;
  /** The manifest's path in that folder, as `priv/static/cache_manifest.json`. */
  readonly manifest: string;
  /** What it answers, by the path that is asked for: `/app.css` is `/app-3a1f.css`. */
  readonly paths: ReadonlyMap<string, string>;
}

/** The endpoints with a manifest, by their tables. One call; read-only, no process is asked. Of a table only these rows are read. */
export async function staticCaches(
  remote: Remote,
  options: CallOptions = {},
): Promise<StaticCache[]> {
  const answer = new Answer(remote, CACHES.name);
  return answer.list(await runScript(remote, CACHES, {}, options)).flatMap((row) => {
    const [endpoint, app, manifest, rows] = answer.tuple(row, 4);
    // A path in the endpoint's own application, or one with its application.
    const [of, inner] = manifest instanceof Tuple ? manifest.items : [app, manifest];
    const path = textOf(inner ?? []);
    if (!(of instanceof Atom) || path === undefined || path === "") return [];
    const paths = answer.list(rows).map((pair) => {
      const [from, to] = answer.list(pair);
      // Up to Phoenix 1.3 the path alone, later with the hash of the file.
      const value = to instanceof Tuple ? to.items[0] : to;
      return [answer.text(from), withoutVersion(answer.text(value))] as const;
    });
    return [
      {
        endpoint: answer.atom(endpoint),
        application: of.name,
        manifest: path,
        paths: new Map(paths),
      },
    ];
  });
}

/**
 * The paths that a manifest on the node gives, in the form of {@link StaticCache.paths}; `undefined` when there is no such file, when it is
 * over 4 MB, or no manifest. Read-only.
 */
export async function staticManifest(
  remote: Remote,
  file: string,
  options: CallOptions = {},
): Promise<ReadonlyMap<string, string> | undefined> {
  const text = textOf(await runScript(remote, MANIFEST, { Path: charlist(file) }, options));
  if (text === undefined || text === "") return undefined;
  try {
    const { latest } = JSON.parse(text) as { latest?: Record<string, unknown> };
    return latest === undefined
      ? undefined
      : new Map(Object.entries(latest).map(([from, to]) => [`/${from}`, `/${String(to)}`]));
  } catch {
    return undefined;
  }
}

/** The paths for which two answers differ, in order. */
export function staticDifferences(
  has: ReadonlyMap<string, string>,
  wants: ReadonlyMap<string, string>,
): string[] {
  const all = new Set([...has.keys(), ...wants.keys()]);
  return [...all].filter((path) => has.get(path) !== wants.get(path)).sort();
}

function withoutVersion(path: string): string {
  return path.replace(/\?vsn=d$/, "");
}

// The table also holds the endpoint's secrets: only rows of these very keys are taken.
const CACHES: Script = new Script({
  name: "static_caches",
  readOnly: true,
  source: `
Tables = [Table || Table <- ets:all(), is_atom(Table), ets:info(Table, protection) =:= public],
Value = fun(Table, Key) -> case ets:match(Table, {Key, '$1'}) of [[Found]] -> Found; _ -> nil end end,
Endpoints = [Table || Table <- Tables, is_pid(Value(Table, '__config__'))],
[{Endpoint, Value(Endpoint, otp_app), Manifest, ets:match(Endpoint, {{'__phoenix_static__', '$1'}, cache, '$2'})}
 || Endpoint <- Endpoints, Manifest <- [Value(Endpoint, cache_static_manifest)], Manifest =/= nil]`,
});

const MANIFEST: Script = new Script({
  name: "static_manifest",
  bindings: ["Path"],
  readOnly: true,
  source: `
case lists:suffix(".json", Path) andalso filelib:file_size(Path) < 4000000 andalso file:read_file(Path) of
    {ok, Text} -> Text;
    _ -> []
end`,
});
