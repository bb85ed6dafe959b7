/** Reads the machine's own apt sources, so that the mirror and its signing key are never written down here. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One archive that the machine already trusts. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** The `Signed-By` value as written there: key files, fingerprints, or a whole key block. */
  readonly signedBy?: string | undefined;
  /** `no` where the machine reads a frozen snapshot, whose Release files are out of date by design. */
  readonly checkValidUntil?: string | undefined;
  readonly architectures?: readonly string[] | undefined;
}

/** Parses the one-line format: `deb [options] uri suite component...`. */
export function parseList(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const raw of text.split("\n")) {
    const match = /^deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*(.*)$/.exec(
      raw.replace(/#.*/, "").trim(),
    );
    if (match === null) continue;
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const option = new Map(
      words(options).map((pair) => {
        const cut = pair.indexOf("=");
        return [pair.slice(0, cut).replace(/[+-]$/, "").toLowerCase(), pair.slice(cut + 1)];
      }),
    );
    sources.push({
      uri,
      suite,
      components: words(components),
      signedBy: option.get("signed-by"),
      checkValidUntil: option.get("check-valid-until"),
      architectures: option.get("arch")?.split(","),
    });
  }
  return sources;
}

/** Parses the deb822 format: stanzas of `Field: value`, whose values may go on over indented lines. */
export function parseDeb822(text: string): AptSource[] {
  const sources: AptSource[] = [];
  const plain = text.replace(/^#.*\n?/gm, "");
  for (const stanza of plain.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const match of stanza.matchAll(/^([^\s:]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
      fields.set(match[1]!.toLowerCase(), match[2]!.trim());
    }
    const list = (name: string): string[] => words(fields.get(name) ?? "");
    if (!list("types").includes("deb") || fields.get("enabled")?.toLowerCase() === "no") continue;
    const architectures = list("architectures");
    for (const uri of list("uris")) {
      for (const suite of list("suites")) {
        sources.push({
          uri,
          suite,
          components: list("components"),
          signedBy: fields.get("signed-by"),
          checkValidUntil: fields.get("check-valid-until"),
          architectures: architectures.length > 0 ? architectures : undefined,
        });
      }
    }
  }
  return sources;
}

/** All sources of this machine, in the order apt reads them. */
export async function readSources(etc = "/etc/apt"): Promise<AptSource[]> {
  const parts = await readdir(join(etc, "sources.list.d")).catch((): string[] => []);
  const files = [
    join(etc, "sources.list"),
    ...parts.sort().map((name) => join(etc, "sources.list.d", name)),
  ];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (file.endsWith(".list")) sources.push(...parseList(text));
    else if (file.endsWith(".sources")) sources.push(...parseDeb822(text));
  }
  return sources;
}

const ALIASES = new Set(["stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"]);

/**
 * The sources that may be the distribution's main archive, likeliest first. Others publish under the same suite names,
 * so the caller must still read `Origin` in the Release file that apt has verified.
 */
export function mainArchives(
  sources: readonly AptSource[],
  system: { id: string; codename: string },
  architecture: string,
): AptSource[] {
  const rank = (source: AptSource): number => {
    const path = source.uri.replace(/\/+$/, "");
    return (path.endsWith(`/${system.id}`) ? 0 : 2) + (source.suite === system.codename ? 0 : 1);
  };
  const merged = new Map<string, AptSource>();
  for (const source of sources) {
    if (!(source.architectures?.includes(architecture) ?? true)) continue;
    const alias = system.id === "debian" && ALIASES.has(source.suite);
    if (source.suite !== system.codename && !alias) continue;
    const key = `${source.uri} ${source.suite}`;
    const before = merged.get(key)?.components ?? []; // one archive may be spread over several lines
    merged.set(key, { ...source, components: [...new Set([...before, ...source.components])] });
  }
  return [...merged.values()]
    .filter((source) => source.components.includes("main"))
    .sort((a, b) => rank(a) - rank(b));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
