/** What an upgrade tells while it runs, and what it returns. */

import type { AcceptorMode, LogLevel, PlanEntry, SuspendTarget } from "../instructions/index.ts";
import type { LocalNode } from "../node/index.ts";
import type { Direction } from "../relup/index.ts";
import type { BudgetOptions } from "./budget/budget.ts";
import type { Finding } from "./preflight/finding.ts";
import type { OperationReport } from "./report/report.ts";
import type { Verified } from "./verify/verified.ts";

/** The stages of an upgrade in their order. */
export const STAGES = [
  "unpack",
  "check",
  "plan",
  "guard",
  "suspend",
  "drain",
  "install",
  "resume",
  "verify",
  "soak",
  "permanent",
] as const;

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** One thing that happened; `at` is in epoch milliseconds. */
export type UpgradeEvent =
  | {
      readonly type: "stage";
      readonly stage: Stage;
      readonly state: "start" | "done" | "failed" | "skipped";
      readonly at: number;
    }
  | {
      readonly type: "log";
      readonly stage: Stage;
      readonly level: LogLevel;
      readonly text: string;
      readonly at: number;
    }
  | {
      readonly type: "finding";
      readonly stage: Stage;
      readonly finding: Finding;
      readonly at: number;
    }
  | {
      /** What is allowed, before, and each half second what a hold has come to. Times are in milliseconds. */
      readonly type: "budget";
      readonly stage: Stage;
      readonly soft: number;
      readonly hard: number;
      readonly expected: number;
      /** How long it has lasted; 0 before. */
      readonly held: number;
      /** Messages that wait, in the longest queue and in all. */
      readonly queue: { readonly max: number; readonly sum: number } | undefined;
      readonly at: number;
    }
  | { readonly type: "print"; readonly stage: Stage; readonly text: string; readonly at: number }
  | { readonly type: "plan"; readonly steps: readonly string[]; readonly at: number };

/** How an upgrade is done. Times are in milliseconds. */
export interface UpgradeOptions {
  /**
   * `edeliver` (default) is the whole ritual; `minimal` suspends nothing beyond what the relup itself suspends; or a list of one's own, of
   * edeliver's instructions and of those made by `defineInstruction`.
   */
  plan?: "edeliver" | "minimal" | readonly PlanEntry[];
  /** The OTP application; default the release's name. */
  application?: string;
  /** What is suspended. Default `channels`. */
  suspend?: SuspendTarget;
  /**
   * Whether the instructions are written into the relup on the node, to be run at their very place while the release handler evaluates it: it
   * calls us and waits. The relup is given back at the end. Default `false`: they are run around the install.
   */
  inRelup?: boolean;
  /** Whether new clients wait (`hold`, the default) or are refused. */
  acceptors?: AcceptorMode;
  /** The names of the listeners that are stopped. Default all of the node. */
  listeners?: readonly string[];
  /** Whether requests that outlast `drainTimeout` are sent edeliver's messages, which no published Phoenix knows. Default `false`. */
  notifyRequests?: boolean;
  /**
   * Whether the new version's consolidated protocols are loaded right after the install (`LoadProtocols`): no relup does it. Default `false`: where they
   * differ, the check refuses.
   */
  loadProtocols?: boolean;
  /** Whether Phoenix endpoints read the new version's manifest of static assets after the install (`RefreshEndpoints`). Default `false`. */
  refreshEndpoints?: boolean;
  /** Whether the instructions write their lines in the node's own log too. Default `true`. */
  nodeLog?: boolean;
  /**
   * A node of ours for the lines that edeliver's instructions in a relup print: visible, connected to the node, and named as
   * `shop_upgrader_1@host` (see {@link receiveUpgradeScript}). They come as events of type `print`, in their order. Default none.
   */
  edeliverOutput?: LocalNode;
  /** How long a process may take to accept its suspension. Default 1000. */
  suspendTimeout?: number;
  /** How long running requests are waited for. Default 500. */
  drainTimeout?: number;
  /** The longest that anything may be held, and how much may wait for it. */
  budget?: BudgetOptions;
  /** The longest that the release handler may take to install, and with `inRelup` for each call to us. Default 300,000. */
  installTimeout?: number;
  /** Whether the version is made permanent at the end. Default `true`. */
  permanent?: boolean;
  /** How long the new version runs before that and is verified again and again. Default 0. */
  soak?: number;
  /** Whether the errors that the node logs are counted, by a filter of its `logger` that goes with us. Default `true`. */
  crashReports?: boolean;
  /** How long processes in old code may take to end before that, since it would kill them. Default 60,000. */
  permanentTimeout?: number;
  /** Whether a version that fails its verification or its soak is left again at once, by an upgrade back where a relup leads. Default `false`. */
  rollbackOnFailure?: boolean;
  /** The direction that is meant; the other one is refused. Default either. */
  direction?: Direction;
  /** Codes of dangers that the check finds and that are taken as they are: see {@link Finding}. Default none. */
  accept?: readonly string[];
  /** Only check and show the plan; the node is left unchanged but for the unpacked files. Default `false`. */
  dryRun?: boolean;
  /** Where journals are kept; default the user's state directory. */
  stateDirectory?: string;
  signal?: AbortSignal;
}

/** What an upgrade did, all of it read back from the node. One that failed has what was seen up to then. */
export interface UpgradeReport extends OperationReport {
  readonly kind: "upgrade" | "downgrade";
  /** The release and its version; empty when it failed before they were known. */
  readonly release: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  /** `edeliver`, `minimal` or `custom`. */
  readonly plan: string;
  readonly dryRun: boolean;
  readonly permanent: boolean;
  readonly steps: readonly string[];
  /** Processes that were suspended by us. */
  readonly suspended: number;
  /** Acceptors that were held by us. */
  readonly held: number;
  /** Milliseconds from the first suspension to the last resume. */
  readonly pauseMs: number;
  /** Milliseconds inside the release handler's install. */
  readonly installMs: number;
  /** Processes of ours found suspended, and acceptors found held, at the end: none, or the upgrade has failed. */
  readonly leftSuspended: number;
  /** What was compared afterwards, and what came of it. */
  readonly verified: Verified;
}
