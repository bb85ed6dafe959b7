/** From a control term to a control message; whatever does not fit is a broken protocol. */

import { Atom, Pid, Reference, type Term, Tuple } from "../term/index.ts";
import { ALTACT, type Control, type Monitored, OP } from "./control.ts";
import { ProtocolError } from "./errors.ts";

/**
 * @param peer the node that sent it: what it says must come from processes of its own
 * @param bytes its size
 * @throws ProtocolError when the term is no control message that a peer may send with what we offered
 */
export function decodeControl(term: Term, peer: Atom, bytes = 0): Control {
  const control = read(term, bytes);
  if ("from" in control && control.from instanceof Pid && control.from.node !== peer) {
    throw new ProtocolError(`${control.type} from a process of another node`);
  }
  if (
    control.type === "spawn_reply" &&
    control.result instanceof Pid &&
    control.result.node !== peer
  ) {
    throw new ProtocolError("a process that was started on another node");
  }
  return control;
}

function read(term: Term, bytes: number): Control {
  if (!(term instanceof Tuple)) throw new ProtocolError("a control message that is no tuple");
  const items = term.items;
  const [op, a, b, c, d, e] = items;
  switch (op) {
    case OP.LINK:
      return { type: "link", from: pid(a), to: pid(b) };
    case OP.SEND:
      return { type: "send", to: pid(b) };
    case OP.SEND_TT:
      return { type: "send", to: pid(b), token: token(c) };
    case OP.SEND_SENDER:
      return { type: "send_sender", from: pid(a), to: pid(b) };
    case OP.SEND_SENDER_TT:
      return { type: "send_sender", from: pid(a), to: pid(b), token: token(c) };
    case OP.REG_SEND:
      return { type: "reg_send", from: pid(a), to: atomOf(c) };
    case OP.REG_SEND_TT:
      return { type: "reg_send", from: pid(a), to: atomOf(c), token: token(d) };
    case OP.ALIAS_SEND:
      return { type: "alias_send", from: pid(a), to: reference(b) };
    case OP.ALIAS_SEND_TT:
      return { type: "alias_send", from: pid(a), to: reference(b), token: token(c) };
    case OP.ALTACT_SIG_SEND:
      return altact(items);
    case OP.GROUP_LEADER:
      return { type: "group_leader", leader: pid(a), to: pid(b) };
    case OP.EXIT:
      return { type: "exit", from: pid(a), to: pid(b), reason: present(c), bytes };
    case OP.EXIT_TT:
      return { type: "exit", from: pid(a), to: pid(b), token: token(c), reason: present(d), bytes };
    case OP.EXIT2:
      return { type: "exit2", from: pid(a), to: pid(b), reason: present(c), bytes };
    case OP.EXIT2_TT:
      return {
        type: "exit2",
        from: pid(a),
        to: pid(b),
        token: token(c),
        reason: present(d),
        bytes,
      };
    case OP.PAYLOAD_EXIT:
      return { type: "payload_exit", from: pid(a), to: pid(b) };
    case OP.PAYLOAD_EXIT_TT:
      return { type: "payload_exit", from: pid(a), to: pid(b), token: token(c) };
    case OP.PAYLOAD_EXIT2:
      return { type: "payload_exit2", from: pid(a), to: pid(b) };
    case OP.PAYLOAD_EXIT2_TT:
      return { type: "payload_exit2", from: pid(a), to: pid(b), token: token(c) };
    case OP.MONITOR_P:
      return { type: "monitor", from: pid(a), target: monitored(b), ref: reference(c) };
    case OP.DEMONITOR_P:
      return { type: "demonitor", from: pid(a), target: monitored(b), ref: reference(c) };
    case OP.MONITOR_P_EXIT: {
      const ref = reference(c);
      return {
        type: "monitor_exit",
        from: monitored(a),
        to: pid(b),
        ref,
        reason: present(d),
        bytes,
      };
    }
    case OP.PAYLOAD_MONITOR_P_EXIT:
      return { type: "payload_monitor_exit", from: monitored(a), to: pid(b), ref: reference(c) };
    case OP.SPAWN_REQUEST:
      return spawnRequest(items);
    case OP.SPAWN_REQUEST_TT:
      return { ...spawnRequest(items), token: token(items[6]) };
    case OP.SPAWN_REPLY:
      return { type: "spawn_reply", ...spawnReply(items) };
    case OP.SPAWN_REPLY_TT:
      return { type: "spawn_reply", ...spawnReply(items), token: token(e) };
    case OP.UNLINK:
      return { type: "unlink", id: undefined, from: pid(a), to: pid(b) };
    case OP.UNLINK_ID:
      return { type: "unlink", id: unlinkId(a), from: pid(b), to: pid(c) };
    case OP.UNLINK_ID_ACK:
      return { type: "unlink_ack", id: unlinkId(a), from: pid(b), to: pid(c) };
    default:
      break;
  }
  throw new ProtocolError(`control message ${typeof op === "number" ? op : "without a number"}`);
}

// The tuple may grow and flags may be added: both are ignored, as OTP does.
function altact(items: readonly Term[]): Control {
  const [, given, a, b, c] = items;
  if (typeof given !== "number" && typeof given !== "bigint") {
    throw new ProtocolError("an ALTACT_SIG_SEND without its flags");
  }
  const bits = Number(BigInt.asUintN(32, BigInt(given)));
  const from = pid(a);
  const priority = (bits & ALTACT.PRIORITY) !== 0;
  const extras = (bits & ALTACT.TOKEN) === 0 ? { priority } : { priority, token: token(c) };
  if ((bits & ALTACT.EXIT) !== 0) return { type: "payload_exit2", from, to: pid(b), ...extras };
  if ((bits & ALTACT.ALIAS) !== 0) return { type: "alias_send", from, to: reference(b), ...extras };
  if ((bits & ALTACT.NAME) !== 0) return { type: "reg_send", from, to: atomOf(b), ...extras };
  return { type: "send_sender", from, to: pid(b), ...extras };
}

/** Whether a message follows the control message in its frame. */
export function hasPayload({ type }: Control): boolean {
  switch (type) {
    case "send":
    case "send_sender":
    case "reg_send":
    case "alias_send":
    case "payload_exit":
    case "payload_exit2":
    case "payload_monitor_exit":
    case "spawn_request":
      return true;
    default:
      return false;
  }
}

function spawnRequest(items: readonly Term[]): Extract<Control, { type: "spawn_request" }> {
  const [, ref, from, groupLeader, mfa, options] = items;
  const [module, fun, arity] = mfa instanceof Tuple && mfa.items.length === 3 ? mfa.items : [];
  if (typeof arity !== "number" || !Array.isArray(options)) {
    throw new ProtocolError("a malformed spawn request");
  }
  return {
    type: "spawn_request",
    ref: reference(ref),
    from: pid(from),
    groupLeader: pid(groupLeader),
    module: atomOf(module),
    function: atomOf(fun),
    arity,
    options,
  };
}

function spawnReply(items: readonly Term[]) {
  const [, ref, to, flags, result] = items;
  if (typeof flags !== "number" || !(result instanceof Pid || result instanceof Atom)) {
    throw new ProtocolError("a malformed spawn reply");
  }
  return { ref: reference(ref), to: pid(to), flags, result };
}

function pid(term: Term | undefined): Pid {
  if (term instanceof Pid) return term;
  throw new ProtocolError("a control message without its pid");
}

function atomOf(term: Term | undefined): Atom {
  if (term instanceof Atom) return term;
  throw new ProtocolError("a control message without its atom");
}

function monitored(term: Term | undefined): Monitored {
  if (term instanceof Pid || term instanceof Atom) return term;
  throw new ProtocolError("a monitor of neither a pid nor a name");
}

function reference(term: Term | undefined): Reference {
  if (term instanceof Reference) return term;
  throw new ProtocolError("a control message without its reference");
}

function unlinkId(term: Term | undefined): number | bigint {
  if ((typeof term === "number" || typeof term === "bigint") && term > 0) return term;
  throw new ProtocolError("an unlink without its id");
}

function token(term: Term | undefined): Term {
  if (term !== undefined) return term;
  throw new ProtocolError("a trace token that is missing");
}

function present(term: Term | undefined): Term {
  if (term !== undefined) return term;
  throw new ProtocolError("an exit without its reason");
}
