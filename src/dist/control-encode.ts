/** From a control message to its term, checked by the rules that a BEAM enforces with a disconnect. */

import { type Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { ALTACT, type Control, type Extras, OP } from "./control.ts";
import { InvalidControlError } from "./errors.ts";

const UNUSED = atom("");
const MAX_UNLINK_ID = 0xffff_ffff_ffff_ffffn;

/** Who we are on this link: the senders of our control messages must be ours, and no pid of the peer is ever made up. */
export interface Identity {
  readonly local: Atom;
  readonly localCreation: number;
  readonly peer: Atom;
  /** Whether both sides have UNLINK_ID: a node without it knows only the UNLINK of old, for which others drop the link. */
  readonly unlinkIds: boolean;
  /** Whether both sides have ALIAS, without which one drops the link for what is sent to one. */
  readonly aliases: boolean;
  /** Whether both sides have ALTACT_SIG. */
  readonly altact: boolean;
}

/**
 * The term of a control message that we send.
 * @param message the message behind it, for those that have one
 * @throws InvalidControlError when the node would not accept it: nothing is written then
 */
export function controlTerm(control: Control, message: Term | undefined, who: Identity): Tuple {
  switch (control.type) {
    case "link":
      return tuple(OP.LINK, ours(control.from, who), theirs(control.to, who));
    case "unlink":
      return unlink(control, who);
    case "unlink_ack":
      return tuple(
        OP.UNLINK_ID_ACK,
        id(control.id),
        ours(control.from, who),
        theirs(control.to, who),
      );
    case "send":
      plain(control);
      return traced(control, OP.SEND, OP.SEND_TT, UNUSED, theirs(control.to, who));
    case "send_sender": {
      plain(control);
      const from = ours(control.from, who);
      return traced(control, OP.SEND_SENDER, OP.SEND_SENDER_TT, from, theirs(control.to, who));
    }
    case "reg_send": {
      plain(control);
      const from = ours(control.from, who);
      return traced(control, OP.REG_SEND, OP.REG_SEND_TT, from, UNUSED, control.to);
    }
    case "alias_send": {
      if (control.to.node !== who.peer) throw invalid("an alias of another node");
      if (!who.aliases) throw invalid("a message to an alias, which this node does not have");
      const from = ours(control.from, who);
      if (who.altact) return altact(control, ALTACT.ALIAS, from, control.to);
      plain(control);
      return traced(control, OP.ALIAS_SEND, OP.ALIAS_SEND_TT, from, control.to);
    }
    case "group_leader":
      return tuple(OP.GROUP_LEADER, control.leader, theirs(control.to, who));
    case "payload_exit": {
      plain(control);
      const from = onceOurs(control.from, who);
      return traced(control, OP.PAYLOAD_EXIT, OP.PAYLOAD_EXIT_TT, from, theirs(control.to, who));
    }
    case "payload_exit2": {
      const from = ours(control.from, who);
      const to = theirs(control.to, who);
      if (control.priority === true && who.altact) return altact(control, ALTACT.EXIT, from, to);
      plain(control);
      return traced(control, OP.PAYLOAD_EXIT2, OP.PAYLOAD_EXIT2_TT, from, to);
    }
    case "monitor":
    case "demonitor": {
      const { target } = control;
      const op = control.type === "monitor" ? OP.MONITOR_P : OP.DEMONITOR_P;
      if (control.ref.node !== who.local) throw invalid("a reference of another node");
      const to = target instanceof Pid ? theirs(target, who) : target;
      return tuple(op, ours(control.from, who), to, control.ref);
    }
    case "payload_monitor_exit": {
      const { from, to, ref } = control;
      return tuple(OP.PAYLOAD_MONITOR_P_EXIT, watched(from, who), theirs(to, who), ref);
    }
    case "spawn_request": {
      const { ref, from, groupLeader, module, arity, options } = control;
      if (ref.node !== who.local) throw invalid("a reference of another node");
      if (!Array.isArray(message) || message.length !== arity || arity > 255) {
        throw invalid(`arguments that are no list of ${arity}`);
      }
      const mfa = tuple(module, control.function, arity);
      const sender = ours(from, who);
      const [op, traceOp] = [OP.SPAWN_REQUEST, OP.SPAWN_REQUEST_TT];
      return traced(control, op, traceOp, ref, sender, groupLeader, mfa, options);
    }
    case "spawn_reply": {
      const { ref, to, flags, result } = control;
      if (result instanceof Pid) ours(result, who);
      const target = theirs(to, who);
      return traced(control, OP.SPAWN_REPLY, OP.SPAWN_REPLY_TT, ref, target, flags, result);
    }
    // The forms for peers without EXIT_PAYLOAD, whose token stands before the reason.
    case "exit":
      return reasoned(control, OP.EXIT, OP.EXIT_TT, onceOurs(control.from, who), who);
    case "exit2":
      return reasoned(control, OP.EXIT2, OP.EXIT2_TT, ours(control.from, who), who);
    case "monitor_exit": {
      const { from, to, ref, reason } = control;
      return tuple(OP.MONITOR_P_EXIT, watched(from, who), theirs(to, who), ref, reason);
    }
  }
}

function unlink(control: Extract<Control, { type: "unlink" }>, who: Identity): Tuple {
  const from = ours(control.from, who);
  const to = theirs(control.to, who);
  if (who.unlinkIds === (control.id === undefined)) {
    throw invalid("an unlink with an id goes to nodes with UNLINK_ID, and one without to others");
  }
  return control.id === undefined
    ? tuple(OP.UNLINK, from, to)
    : tuple(OP.UNLINK_ID, id(control.id), from, to);
}

/** The operation with its trace token at the end, or the one without. */
function traced({ token }: Extras, op: number, traceOp: number, ...items: readonly Term[]): Tuple {
  return token === undefined ? tuple(op, ...items) : tuple(traceOp, ...items, checked(token));
}

function reasoned(
  control: Extract<Control, { type: "exit" | "exit2" }>,
  op: number,
  traceOp: number,
  from: Pid,
  who: Identity,
): Tuple {
  plain(control);
  const to = theirs(control.to, who);
  const { token, reason } = control;
  return token === undefined
    ? tuple(op, from, to, reason)
    : tuple(traceOp, from, to, checked(token), reason);
}

function checked(token: Term): Term {
  if (token instanceof Tuple && token.items.length === 5) return token;
  throw invalid("a trace token that is none: {Flags, Label, Serial, From, Previous}");
}

function altact({ token, priority }: Extras, kind: number, from: Pid, to: Term): Tuple {
  const flags = kind | (priority === true ? ALTACT.PRIORITY : 0);
  return token === undefined
    ? tuple(OP.ALTACT_SIG_SEND, flags, from, to)
    : tuple(OP.ALTACT_SIG_SEND, flags | ALTACT.TOKEN, from, to, checked(token));
}

function plain({ priority }: Extras): void {
  if (priority === true) {
    throw invalid("priority, which only aliases and exit signals to nodes from OTP 28 on can have");
  }
}

function ours(pid: Pid, who: Identity): Pid {
  if (pid.node === who.local && pid.creation === who.localCreation) return pid;
  throw invalid(`the sender ${pid} is not a process of ours`);
}

// Who is told that a process of ours is gone may have known it from an earlier link, when we had the same name.
function onceOurs(pid: Pid, who: Identity): Pid {
  if (pid.node === who.local) return pid;
  throw invalid(`the sender ${pid} was no process of ours`);
}

function watched(from: Pid | Atom, who: Identity): Pid | Atom {
  return from instanceof Pid ? onceOurs(from, who) : from;
}

function theirs(pid: Pid, who: Identity): Pid {
  if (pid.node === who.peer) return pid;
  throw invalid(`${pid} is a process of ${pid.node}, not of ${who.peer}`);
}

function id(value: number | bigint): number | bigint {
  if (value > 0 && BigInt(value) <= MAX_UNLINK_ID) return value;
  throw invalid("an unlink id is from 1 to 2^64 - 1");
}

function invalid(what: string): InvalidControlError {
  return new InvalidControlError(`not sent: ${what}`, {
    remedy: "Use pids and references of the link that you send on.",
  });
}
