/** A process that answers others under a name that every node has. */

import type { Extras } from "../dist/index.ts";
import { isBeamError } from "../errors.ts";
import { atom, type Pid, type Term, tuple } from "../term/index.ts";
import {
  type Asked,
  answerCall,
  type From,
  type GenMessage,
  readGenMessage,
} from "./gen-protocol.ts";
import type { Home } from "./home.ts";
import { type Encoded, LocalProcess, type Via } from "./processes.ts";

const UNSENDABLE = tuple(atom("badrpc"), tuple(atom("EXIT"), atom("badarg")));

/** A process that others know by its name. */
export abstract class Service extends LocalProcess {
  protected readonly home: Home;

  constructor(home: Home) {
    super();
    this.home = home;
  }

  protected abstract handle(message: GenMessage, asked: Asked): void;

  override get addressable(): boolean {
    return true;
  }

  override message(payload: Encoded, extras: Extras, via: Via | undefined): void {
    let message: Term;
    try {
      message = payload.decode();
    } catch (error) {
      if (!isBeamError(error)) throw error;
      return; // not worth the link: nobody here waits for it
    }
    this.handle(readGenMessage(message), { extras, via });
  }

  override lost(): void {}

  protected reply(from: From, reply: Term, asked: Asked): void {
    const answer = (what: Term) => answerCall(this.home, this.pid, from, what, asked);
    if (!answered(() => answer(reply))) answered(() => answer(UNSENDABLE));
  }

  /** Tells a process of another node; it makes no connection for that. */
  protected tell(to: Pid, message: Term): void {
    answered(() => this.home.answer(to, message, this.pid));
  }

  protected get pid(): Pid {
    return this.address?.pid ?? this.home.processes.nobody;
  }
}

/** Whether it could be said; that somebody cannot be answered is nobody's error here. */
export function answered(say: () => void): boolean {
  try {
    say();
    return true;
  } catch (error) {
    if (!isBeamError(error)) throw error;
    return false;
  }
}
