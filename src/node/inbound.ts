/** What other processes ask of our node: answered as a hidden node must, or refused; nothing of it is ever executed. */

import { type Atom, atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";

/** An answer to a message for one of our registered names. */
export interface Answer {
  readonly to: Pid;
  readonly message: Term;
}

const NET_KERNEL = atom("net_kernel");
const REX = atom("rex");
const GEN_CALL = atom("$gen_call");
const REFUSED = tuple(atom("badrpc"), tuple(atom("EXIT"), atom("notsup")));

/** The registered names that we have; monitors of any other find no process. */
export const REGISTERED: ReadonlySet<Term> = new Set([NET_KERNEL, REX]);

/**
 * The answer to a message for a registered name, if it is due one. `net_kernel` says `yes` to `is_auth`, which is
 * `net_adm:ping/1`; `rex` tells its features and refuses calls. All else is dropped: `global_name_server`, `pg`, `logger`.
 */
export function answerTo(name: Atom, message: Term, node: Atom): Answer | undefined {
  if (!(message instanceof Tuple)) return undefined;
  if (name === NET_KERNEL) return answerNetKernel(message);
  if (name === REX) return answerRex(message, node);
  return undefined;
}

function answerNetKernel(message: Tuple): Answer | undefined {
  const asked = genCall(message);
  if (asked === undefined) return undefined;
  const { to, tag, request } = asked;
  const known = request instanceof Tuple && request.items[0] === atom("is_auth");
  return { to, message: tuple(tag, known ? atom("yes") : tuple(atom("error"), atom("notsup"))) };
}

// {From, features_request} | {'$gen_call', {From, Tag}, {call, ...}} | the old {From, {call, ...}}
function answerRex(message: Tuple, node: Atom): Answer | undefined {
  const asked = genCall(message);
  if (asked !== undefined) return { to: asked.to, message: tuple(asked.tag, REFUSED) };
  const [to, request] = message.items;
  if (!(to instanceof Pid)) return undefined;
  if (request === atom("features_request")) {
    return { to, message: tuple(atom("features_reply"), node, [atom("erpc")]) };
  }
  return request instanceof Tuple ? { to, message: tuple(REX, REFUSED) } : undefined;
}

function genCall(message: Tuple): { to: Pid; tag: Term; request: Term } | undefined {
  const [mark, from, request] = message.items;
  if (mark !== GEN_CALL || !(from instanceof Tuple) || request === undefined) return undefined;
  const [to, tag] = from.items;
  // The tag may be `[alias | Ref]`; the reply to the pid carries it as it came, which callers accept.
  return to instanceof Pid && tag !== undefined ? { to, tag, request } : undefined;
}
