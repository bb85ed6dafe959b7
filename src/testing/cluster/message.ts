/** A message between two nodes, as a fault's predicate sees it. */

import { Inbox } from "../../dist/inbox.ts";
import type { Control } from "../../dist/index.ts";
import { DEFAULT_SESSION_LIMITS, type Payload, ProtocolError } from "../../dist/index.ts";
import type { Atom, Pid, Reference, Term } from "../../term/index.ts";
import { Atom as AtomOf, atom, Pid as PidOf } from "../../term/index.ts";

/** A signal on its way. `message` is decoded when it is read. */
export interface DistMessage {
  /** What it is: `send_sender`, `reg_send`, `alias_send`, `link`, `monitor`, `spawn_request`, ... as erl_dist_protocol names them. */
  readonly op: Control["type"];
  /** The full names of the nodes. */
  readonly fromNode: string;
  readonly toNode: string;
  /** The sender; a name for the end of a process that was monitored by its name. `undefined` for `send`, which names none. */
  readonly from: Pid | Atom | undefined;
  /** A pid, a registered name, or an alias. `undefined` for a spawn request. */
  readonly to: Pid | Atom | Reference | undefined;
  /** What is sent, the reason of an exit, or the arguments of a spawn request. `undefined` where there is none. */
  readonly message: Term | undefined;
  /** The whole control message. */
  readonly control: Control;
  /** Bytes on the wire. */
  readonly bytes: number;
}

/** Which messages. What it throws is told to the test, and the message passes. */
export type MessagePredicate = (message: DistMessage) => boolean;

interface Found {
  readonly control: Control;
  readonly payload: Payload | undefined;
}

/** Reads the messages of one direction of a link, each of which can be read alone. */
export class MessageReader {
  readonly #inbox: Inbox;
  readonly #from: string;
  readonly #to: string;
  #found: Found | undefined;

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
    this.#inbox = new Inbox(DEFAULT_SESSION_LIMITS, (control, payload) => {
      this.#found = { control, payload };
    });
    // Read, never written to: what it would accept does not matter.
    const any = { v4: true, wide: true, signedZeros: true, newAtoms: 0 };
    this.#inbox.peer = { node: atom(from), creation: 0, ...any };
  }

  /** Reads a frame whose bytes nobody writes to again. @throws ProtocolError DecodeError LimitError */
  read(frame: Buffer): DistMessage {
    this.#found = undefined;
    this.#inbox.frame(frame, true);
    // Cannot be: both sides were told that the other one has no fragments.
    if (this.#found === undefined) throw new ProtocolError("a message in fragments");
    const { control, payload } = this.#found as Found;
    let decoded: { term: Term } | undefined;
    return {
      op: control.type,
      fromNode: this.#from,
      toNode: this.#to,
      from: "from" in control ? control.from : undefined,
      to: "target" in control ? control.target : "to" in control ? control.to : undefined,
      control,
      bytes: frame.length,
      get message() {
        if (payload === undefined) return "reason" in control ? control.reason : undefined;
        decoded ??= { term: payload.decode() };
        return decoded.term;
      },
    };
  }
}

/** Whose signals must stay in order with it; `undefined` when nobody can tell. */
export function senderOf({ control }: DistMessage): Pid | undefined {
  if (control.type === "spawn_reply") {
    return control.result instanceof AtomOf ? undefined : control.result;
  }
  if (control.type === "group_leader") return control.leader;
  return "from" in control && control.from instanceof PidOf ? control.from : undefined;
}
