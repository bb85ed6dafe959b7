/** The flags that every command takes. */

import { Option } from "commander";

/** How results are written. */
export const FORMATS = ["auto", "table", "tree", "json", "ndjson", "elixir", "erlang"] as const;

export type Format = (typeof FORMATS)[number];

/** The global flags as commander hands them over. */
export interface Globals {
  readonly node?: string;
  readonly address?: string;
  readonly cookie?: string;
  readonly cookieFile?: string;
  readonly releaseRoot?: string;
  readonly longnames?: boolean;
  readonly epmd?: string;
  readonly plain?: boolean;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsName?: string;
  readonly timeout: string;
  readonly output: Format;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly headers: boolean;
  readonly color: "auto" | "always" | "never";
  readonly verbose?: boolean;
  readonly yes?: boolean;
}

/** The options that carry {@link Globals}. */
export function globalOptions(): Option[] {
  return [
    new Option("-n, --node <name>", "the node, as name@host [env BEAMCTL_NODE, RELEASE_NODE]"),
    new Option("--address <host:port>", "dial this address instead of asking EPMD for the node"),
    new Option("--epmd <host:port>", "ask the EPMD at this address").env("BEAMCTL_EPMD"),
    new Option("--cookie-file <path>", "read the cookie from this file"),
    new Option(
      "-c, --cookie <value>",
      "the cookie; others can see it, so prefer a file; - reads stdin",
    ),
    new Option("--release-root <dir>", "take node name and cookie from a release on disk"),
    new Option("-l, --longnames", "complete a bare name with the full host name"),
    new Option("--plain", "allow a link without TLS to leave this machine").env("BEAMCTL_PLAIN"),
    new Option("--tls", "speak TLS (-proto_dist inet_tls); implied by the flags below"),
    new Option("--tls-ca <path>", "the authority of the node's certificate").env("BEAMCTL_TLS_CA"),
    new Option("--tls-cert <path>", "our certificate").env("BEAMCTL_TLS_CERT"),
    new Option("--tls-key <path>", "the key of our certificate").env("BEAMCTL_TLS_KEY"),
    new Option("--tls-name <host>", "the host that the node's certificate is for"),
    new Option("-t, --timeout <duration>", "how long to wait: 500ms, 5s, 2m, 0 = for ever").default(
      "15s",
    ),
    new Option("-o, --output <format>", "how results are written").choices(FORMATS).default("auto"),
    new Option("--json", "short for -o json"),
    new Option("-q, --quiet", "no progress and no notes"),
    new Option("--no-headers", "tables without a header line"),
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"),
    new Option("--verbose", "show what caused an error, and its stack"),
    new Option("-y, --yes", "do not ask before a change"),
  ];
}

/** The format in force: `--json` wins; `auto` is for people. */
export function formatOf(globals: Globals): Format {
  return globals.json === true ? "json" : globals.output;
}
