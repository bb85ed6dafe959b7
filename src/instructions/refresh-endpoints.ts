/** RefreshEndpoints: Phoenix endpoints read the manifest of static assets again. Not edeliver's. */

import { append } from "../relup/index.ts";
import { atom, type Term, textOf } from "../term/index.ts";
import {
  type StaticCache,
  staticCaches,
  staticDifferences,
  staticManifest,
} from "../topology/index.ts";
import { defineInstruction } from "./define.ts";
import { guarded } from "./guarded.ts";
import type { InstructionContext, RunnableInstruction } from "./instruction.ts";

const NAME = "RefreshEndpoints";

/**
 * Has each endpoint whose answers differ from the manifest in its application's folder read it again, by the endpoint's own
 * `config_change([], [])`, and reads back what it answers then. With nothing changed Phoenix only empties the endpoint's cache and warms it up:
 * its configuration, its listeners and its sockets stay as they are. What cannot be refreshed is a warning, as pages with old paths are no
 * reason to fail after an install.
 */
export const RefreshEndpoints: RunnableInstruction<readonly Term[]> = defineInstruction({
  name: NAME,
  insertWhere: append,

  async run(context) {
    guarded(NAME, context);
    const { node, log } = context;
    const stale = await staleEndpoints(context);
    for (const { cache } of stale) {
      await node.call(cache.endpoint, "config_change", [[], []]);
    }
    const still = stale.length === 0 ? [] : await staleEndpoints(context);
    for (const { cache, paths } of still) {
      const name = cache.endpoint.replace(/^Elixir\./, "");
      log("warning", `${name} still answers other paths than its manifest, as for ${paths[0]}`);
    }
    log("info", `${stale.length - still.length} endpoints read their manifest again`);
  },
});

async function staleEndpoints({
  node,
}: InstructionContext): Promise<{ cache: StaticCache; paths: string[] }[]> {
  const found: { cache: StaticCache; paths: string[] }[] = [];
  for (const cache of await staticCaches(node)) {
    const folder = textOf(await node.call("code", "lib_dir", [atom(cache.application)]));
    const wants = await staticManifest(node, `${folder}/${cache.manifest}`);
    const paths = wants === undefined ? [] : staticDifferences(cache.paths, wants);
    if (paths.length > 0) found.push({ cache, paths });
  }
  return found;
}
