/** Waiting on the node: one call, in which a script looks again and again. */

import { BeamError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer, runScript, type Script } from "../../otp/index.ts";
import { atom, type Term } from "../../term/index.ts";

/** How long is waited for something on the node. */
export interface WaitForOptions {
  /** Milliseconds, at most an hour; with 0 it is looked at once. Default 5000. */
  readonly timeout?: number | undefined;
  /** Ends the wait with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** What was waited for did not come in time. The message says what was there instead, where, and how often it was looked at. */
export class WaitError extends BeamError {
  readonly code = "BEAM_TIMEOUT";
  /** Milliseconds that were waited. */
  readonly milliseconds: number;
  /** How often it was looked at. */
  readonly looks: number;
  /** What was seen last, where it is one value; it may be the state of a process. */
  readonly #last: Term | undefined;

  constructor(
    message: string,
    about: { node: string; milliseconds: number; looks: number; last?: Term | undefined },
  ) {
    const { node, milliseconds, looks, last } = about;
    super(message, { node, remedy: "Look at what was there instead, or give it more time." });
    this.milliseconds = milliseconds;
    this.looks = looks;
    this.#last = last;
  }

  /** The value that was seen last, `undefined` where there was none. Not shown when the error is printed as an object. */
  get last(): Term | undefined {
    return this.#last;
  }
}

/** What a script that waits has found. */
export interface Waited {
  /** Whether it came in time. */
  readonly done: boolean;
  readonly value: Term;
  readonly looks: number;
  /** Milliseconds that were given. */
  readonly timeout: number;
}

/** The bindings that every script of a wait has. */
export const WAIT_BINDINGS: readonly string[] = ["Time", "Peer"];

const HOUR = 3_600_000;
/** How much longer (ms) than the script we wait: for the way, and for a busy node. */
const MARGIN = 5_000;

/** Runs a script that ends in `Wait(Look, Now() + Time)`, which is ended on the node when the signal ends the wait here. */
export async function waitOn(
  node: BeamNode,
  script: Script,
  bindings: Readonly<Record<string, Term>>,
  options: WaitForOptions,
): Promise<Waited> {
  const { timeout = 5_000, signal } = options;
  const time = Math.min(Math.max(0, Math.ceil(timeout)), HOUR);
  const given = { ...bindings, Time: time, Peer: atom(node.localName) };
  const call = { timeout: time + MARGIN, signal, cancel: true };
  const answer = new Answer(node, script.name);
  const [tag, value, looks] = answer.tuple(await runScript(node, script, given, call), 3);
  const done = answer.atom(tag) === "done";
  return { done, value: value as Term, looks: answer.integer(looks), timeout: time };
}
