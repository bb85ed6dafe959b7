/** From a control message to its term, checked by the rules that a BEAM enforces with a disconnect. */

import { type Atom, atom, Pid, type Term, type Tuple, tuple } from "../term/index.ts";
import { type Control, OP } from "./control.ts";
import { InvalidControlError } from "./errors.ts";

const UNUSED = atom("");
const MAX_UNLINK_ID = 0xffff_ffff_ffff_ffffn;

/** Who we are on this link: the senders of our control messages must be ours, and no pid of the peer is ever made up. */
export interface Identity {
  readonly local: Atom;
  readonly localCreation: number;
  readonly peer: Atom;
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
      // Without an id it is the old UNLINK, for which OTP 26 and later drop the link.
      if (control.id === undefined) throw invalid("an unlink without an id");
      return tuple(OP.UNLINK_ID, id(control.id), ours(control.from, who), theirs(control.to, who));
    case "unlink_ack":
      return tuple(
        OP.UNLINK_ID_ACK,
        id(control.id),
        ours(control.from, who),
        theirs(control.to, who),
      );
    case "send":
      return tuple(OP.SEND, UNUSED, theirs(control.to, who));
    case "send_sender":
      return tuple(OP.SEND_SENDER, ours(control.from, who), theirs(control.to, who));
    case "reg_send":
      return tuple(OP.REG_SEND, ours(control.from, who), UNUSED, control.to);
    case "alias_send":
      if (control.to.node !== who.peer) throw invalid("an alias of another node");
      return tuple(OP.ALIAS_SEND, ours(control.from, who), control.to);
    case "group_leader":
      return tuple(OP.GROUP_LEADER, control.leader, theirs(control.to, who));
    case "payload_exit":
      return tuple(OP.PAYLOAD_EXIT, onceOurs(control.from, who), theirs(control.to, who));
    case "payload_exit2":
      return tuple(OP.PAYLOAD_EXIT2, ours(control.from, who), theirs(control.to, who));
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
      return tuple(OP.SPAWN_REQUEST, ref, ours(from, who), groupLeader, mfa, options);
    }
    case "spawn_reply":
      return tuple(
        OP.SPAWN_REPLY,
        control.ref,
        theirs(control.to, who),
        control.flags,
        control.result,
      );
    // The forms for peers without EXIT_PAYLOAD.
    case "exit":
      return tuple(OP.EXIT, onceOurs(control.from, who), theirs(control.to, who), control.reason);
    case "exit2":
      return tuple(OP.EXIT2, ours(control.from, who), theirs(control.to, who), control.reason);
    case "monitor_exit": {
      const { from, to, ref, reason } = control;
      return tuple(OP.MONITOR_P_EXIT, watched(from, who), theirs(to, who), ref, reason);
    }
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
