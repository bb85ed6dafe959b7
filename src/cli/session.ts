/** One command's time with a node: connect, work, close, and stop safely at Ctrl-C. */

import { type BeamNode, connect, type DialOptions } from "../node/index.ts";
import { observer, type Remote } from "../otp/index.ts";
import type { Globals } from "./globals.ts";
import { plain } from "./output/plain.ts";
import { findTarget, type Target } from "./target.ts";

/** What a command that changes something is given. */
export interface Operating {
  readonly node: BeamNode;
  readonly target: Target;
  /** Fires at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command that only looks is given: a remote that lets nothing but the allow-list through. */
export interface Observing {
  readonly remote: Remote;
  readonly target: Target;
  readonly signal: AbortSignal;
}

/** Runs `work` on the node of the command line, and closes the link whatever happens. */
export async function operate<T>(
  globals: Globals,
  work: (given: Operating) => Promise<T>,
): Promise<T> {
  const target = await findTarget(globals);
  const abort = new AbortController();
  let asked = 0;
  const interrupt = (name: NodeJS.Signals) => {
    asked++;
    if (asked > 1) {
      process.stderr.write(
        `left at once; what is held is undone on the node. To see: ${plain(recoverCommand(globals, target))}\n`,
      );
      process.exit(130);
    }
    process.stderr.write(`\n${name}: stopping safely; once more leaves at once\n`);
    abort.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const node = await connectTo(globals, target, abort.signal);
    try {
      return await work({ node, target, signal: abort.signal });
    } finally {
      await node.close();
    }
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** The command that tells what came of it, with all that leads to the same node but the cookie. */
function recoverCommand(globals: Globals, target: Target): string {
  const flags: readonly (readonly [string, string | boolean | undefined])[] = [
    ["--address", globals.address],
    ["--epmd", globals.epmd],
    ["--cookie-file", globals.cookieFile],
    ["--release-root", globals.releaseRoot],
    ["--plain", globals.plain],
    ["--tls", globals.tls],
    ["--tls-ca", globals.tlsCa],
    ["--tls-cert", globals.tlsCert],
    ["--tls-key", globals.tlsKey],
    ["--tls-name", globals.tlsName],
  ];
  const given = flags.flatMap(([flag, value]) => {
    if (value === undefined || value === false) return [];
    return [value === true ? ` ${flag}` : ` ${flag} ${value}`];
  });
  return `beamctl -n ${target.node}${given.join("")} recover`;
}

/** As {@link operate}, but read-only by construction. */
export function observe<T>(globals: Globals, work: (given: Observing) => Promise<T>): Promise<T> {
  return operate(globals, ({ node, target, signal }) =>
    work({ remote: observer(node), target, signal }),
  );
}

/** Connects as the flags say. */
export function connectTo(
  globals: Globals,
  target: Target,
  signal?: AbortSignal,
): Promise<BeamNode> {
  return connect(target.node, dialOptions(globals, target, signal));
}

/** How a node is called as the flags say. */
export function dialOptions(globals: Globals, target: Target, signal?: AbortSignal): DialOptions {
  return {
    cookie: target.cookie,
    plain: globals.plain === true,
    ...(target.tls === undefined ? {} : { tls: target.tls }),
    ...(target.address === undefined ? {} : { address: target.address }),
    ...(globals.epmd === undefined ? {} : { epmd: epmdAddress(globals.epmd) }),
    ...(target.timeout === 0 ? {} : { timeout: Math.min(target.timeout, 7000) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** `host`, `host:port` or `:port` of an EPMD; an IPv6 address stands in brackets. */
export function epmdAddress(text: string): { host?: string; port?: number } {
  const bracketed = /^\[(.*)\](?::(.*))?$/.exec(text);
  const [host, port] = bracketed === null ? text.split(":") : bracketed.slice(1);
  return {
    ...(host === "" || host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
