/** The Phoenix that tests are run against: started by somebody else and given in environment variables. Without them its tests are skipped. */

import { readFileSync } from "node:fs";
import { type BeamNode, type ConnectOptions, connect } from "../../src/node/index.ts";

/** What it is there for: one of its two servers, distribution over TLS, tests in a database's sandbox, or to be beside another. */
export type PhoenixKind = "BANDIT" | "COWBOY" | "TLS" | "E2E" | "PEER";

/** One running release of `test/integration/phoenix`. */
export interface PhoenixTarget {
  /** `shop@127.0.0.1` */
  readonly node: string;
  /** Its distribution port, `127.0.0.1:14702`; without it EPMD is asked. */
  readonly address: string | undefined;
  readonly cookie: string;
  /** Where its endpoint listens, without a slash at the end. */
  readonly http: string;
}

/**
 * The target of these variables: `BEAMCTL_TEST_NODE`, `_ADDRESS`, `_HTTP` and `_COOKIE_FILE`; with a kind, as `E2E`, its own first:
 * `BEAMCTL_TEST_E2E_NODE` and so on, which shares the cookie's file if it has none.
 */
export function phoenixTarget(kind?: PhoenixKind): PhoenixTarget | undefined {
  const { env } = process;
  const prefix = kind === undefined ? "BEAMCTL_TEST" : `BEAMCTL_TEST_${kind}`;
  const node = env[`${prefix}_NODE`];
  const file = env[`${prefix}_COOKIE_FILE`] ?? env.BEAMCTL_TEST_COOKIE_FILE;
  if (node === undefined || node === "" || file === undefined) return undefined;
  return {
    node,
    address: env[`${prefix}_ADDRESS`] || undefined,
    cookie: readFileSync(file, "utf8").trim(),
    http: (env[`${prefix}_HTTP`] || "http://127.0.0.1:4000").replace(/\/$/, ""),
  };
}

/** Connects to it. */
export function connectPhoenix(
  target: PhoenixTarget,
  options: Partial<ConnectOptions> = {},
): Promise<BeamNode> {
  const { node, cookie, address } = target;
  return connect(node, { cookie, ...(address === undefined ? {} : { address }), ...options });
}
