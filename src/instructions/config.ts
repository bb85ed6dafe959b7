/** What instructions are decided by when a plan is made: our own options, or the configurations that edeliver hands to its callbacks. */

import { UsageError } from "../errors.ts";
import type { Atom } from "../term/index.ts";

/** Which processes of a websocket are suspended. */
export type SuspendTarget = "channels" | "transports" | "both";

/** What becomes of new clients: they wait in the listen backlog (`hold`), or are refused (`refuse`). */
export type AcceptorMode = "hold" | "refuse";

/** What the user decided for the whole plan. */
export interface InstructionConfig {
  /** The OTP application that is upgraded. */
  readonly application: string;
  /** Default `channels`: heartbeats go on being answered, so clients stay connected. */
  readonly suspend: SuspendTarget;
  /** Milliseconds that a process may take to accept its suspension. Default 1000. */
  readonly suspendTimeout: number;
  /** Milliseconds that running requests are waited for. Default 500, as in edeliver. */
  readonly drainTimeout: number;
  /** Default `hold`: nobody is refused. */
  readonly acceptors: AcceptorMode;
  /** Names of the listeners that are stopped. Default all of the node. */
  readonly listeners: readonly string[] | undefined;
  /**
   * Whether requests that outlast the wait are told `upgrade_started`, and its end with `upgrade_finished`. Default `false`: no published
   * Phoenix understands it, and Cowboy logs a stray message for each.
   */
  readonly notifyRequests: boolean;
}

/** The defaults of {@link InstructionConfig}, but for the application. */
export const DEFAULT_CONFIG: Omit<InstructionConfig, "application"> = {
  suspend: "channels",
  suspendTimeout: 1000,
  drainTimeout: 500,
  acceptors: "hold",
  listeners: undefined,
  notifyRequests: false,
};

/** `Edeliver.Relup.Config.t` of edeliver 1.4 and later: any term there, of which `name` is read. */
export interface EdeliverConfig {
  readonly name: string | Atom;
  readonly [key: string]: unknown;
}

/** `%ReleaseManager.Config{}` of exrm, which edeliver 1.2 is given; of it `name` is read. */
export interface ReleaseManagerConfig {
  readonly dev: unknown;
  readonly env: unknown;
  readonly erl: unknown;
  readonly name: string | Atom;
  readonly package: unknown;
  readonly relxConfig: unknown;
  readonly upgrade: unknown;
  readonly verbosity: unknown;
  readonly version: unknown;
}

/** What `arguments/2` and `modify_relup/2` are given. */
export type Config = InstructionConfig | EdeliverConfig | ReleaseManagerConfig;

/**
 * The name of the application, whichever configuration it is: text or an atom.
 * @throws UsageError when there is none
 */
export function applicationOf(config: Config): string {
  const name = "application" in config ? config.application : config.name;
  const text = typeof name === "string" ? name : (name as Atom | undefined)?.name;
  if (typeof text === "string" && text !== "") return text;
  throw new UsageError("the configuration names no application", {
    remedy: "Give `application`, or `name` as edeliver's configurations have it.",
  });
}

/**
 * Our own options out of any configuration, the missing ones with their defaults.
 * @example
 * import { settings } from "beamctl/instructions";
 *
 * const { application, drainTimeout } = settings({ name: "shop" });
 * drainTimeout; // => 500
 */
export function settings(config: Config): InstructionConfig {
  return { ...DEFAULT_CONFIG, ...config, application: applicationOf(config) };
}
