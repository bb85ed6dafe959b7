/** Control messages: what travels between nodes beside the terms. erl_dist_protocol, "Protocol between Connected Nodes". */

import type { Atom, Pid, Reference, Term } from "../term/index.ts";

/** The operations by number; `_TT` forms carry a trace token at their end. */
export const OP = {
  LINK: 1,
  SEND: 2,
  EXIT: 3,
  UNLINK: 4,
  REG_SEND: 6,
  GROUP_LEADER: 7,
  EXIT2: 8,
  SEND_TT: 12,
  EXIT_TT: 13,
  REG_SEND_TT: 16,
  EXIT2_TT: 18,
  MONITOR_P: 19,
  DEMONITOR_P: 20,
  MONITOR_P_EXIT: 21,
  SEND_SENDER: 22,
  SEND_SENDER_TT: 23,
  PAYLOAD_EXIT: 24,
  PAYLOAD_EXIT_TT: 25,
  PAYLOAD_EXIT2: 26,
  PAYLOAD_EXIT2_TT: 27,
  PAYLOAD_MONITOR_P_EXIT: 28,
  SPAWN_REQUEST: 29,
  SPAWN_REQUEST_TT: 30,
  SPAWN_REPLY: 31,
  SPAWN_REPLY_TT: 32,
  ALIAS_SEND: 33,
  ALIAS_SEND_TT: 34,
  UNLINK_ID: 35,
  UNLINK_ID_ACK: 36,
  ALTACT_SIG_SEND: 37,
} as const;

/** What an ALTACT_SIG_SEND is, as bits: OTP 28 and later send these instead of ALIAS_SEND, and for what has priority. */
export const ALTACT = { PRIORITY: 1, TOKEN: 2, ALIAS: 4, NAME: 8, EXIT: 16 } as const;

/** What some signals carry beside their own. */
export interface Extras {
  /** The `seq_trace` token that came with the signal, or goes with it. */
  readonly token?: Term | undefined;
  /** To be received before others: only between nodes that both have ALTACT_SIG. */
  readonly priority?: boolean | undefined;
}

/** A monitored process: by its pid, or by the name it is registered under. */
export type Monitored = Pid | Atom;

/** A control message. A reason that an old peer put into the control message itself stands in `reason`; `bytes` is what it came in. */
export type Control =
  | { readonly type: "link"; readonly from: Pid; readonly to: Pid }
  | {
      readonly type: "unlink";
      /** `undefined` for peers without UNLINK_ID, which expect no answer. */
      readonly id: number | bigint | undefined;
      readonly from: Pid;
      readonly to: Pid;
    }
  | {
      readonly type: "unlink_ack";
      readonly id: number | bigint;
      readonly from: Pid;
      readonly to: Pid;
    }
  | ({ readonly type: "send"; readonly to: Pid } & Extras)
  | ({ readonly type: "send_sender"; readonly from: Pid; readonly to: Pid } & Extras)
  | ({ readonly type: "reg_send"; readonly from: Pid; readonly to: Atom } & Extras)
  | ({ readonly type: "alias_send"; readonly from: Pid; readonly to: Reference } & Extras)
  | { readonly type: "group_leader"; readonly leader: Pid; readonly to: Pid }
  | ({
      readonly type: "exit";
      readonly from: Pid;
      readonly to: Pid;
      readonly reason: Term;
      readonly bytes?: number;
    } & Extras)
  | ({
      readonly type: "exit2";
      readonly from: Pid;
      readonly to: Pid;
      readonly reason: Term;
      readonly bytes?: number;
    } & Extras)
  | ({ readonly type: "payload_exit"; readonly from: Pid; readonly to: Pid } & Extras)
  | ({ readonly type: "payload_exit2"; readonly from: Pid; readonly to: Pid } & Extras)
  | {
      readonly type: "monitor";
      readonly from: Pid;
      readonly target: Monitored;
      readonly ref: Reference;
    }
  | {
      readonly type: "demonitor";
      readonly from: Pid;
      readonly target: Monitored;
      readonly ref: Reference;
    }
  | {
      readonly type: "monitor_exit";
      readonly from: Monitored;
      /** Whose end it is, when `from` is a name: it comes behind what that process has sent. */
      readonly sender?: Pid | undefined;
      readonly to: Pid;
      readonly ref: Reference;
      readonly reason: Term;
      readonly bytes?: number;
    }
  | {
      readonly type: "payload_monitor_exit";
      readonly from: Monitored;
      /** Whose end it is, when `from` is a name: it comes behind what that process has sent. */
      readonly sender?: Pid | undefined;
      readonly to: Pid;
      readonly ref: Reference;
    }
  | ({
      readonly type: "spawn_request";
      readonly ref: Reference;
      readonly from: Pid;
      readonly groupLeader: Pid;
      readonly module: Atom;
      readonly function: Atom;
      readonly arity: number;
      readonly options: readonly Term[];
    } & Extras)
  | ({
      readonly type: "spawn_reply";
      readonly ref: Reference;
      readonly to: Pid;
      /** 1 linked, 2 monitored. */
      readonly flags: number;
      readonly result: Pid | Atom;
    } & Extras);

/** Whose order it keeps: messages of one process do, whether it is named by its pid or by its name. */
export function senderOf(control: Control): string {
  if ("sender" in control && control.sender !== undefined) return String(control.sender);
  return "from" in control ? String(control.from) : "";
}
