/** What wrong bytes are fed to. Each target throws only what is a defect: an error of ours is an answer. */

import { type Control, Session, type SessionLimits } from "../../src/dist/index.ts";
import {
  decodeAliveReply,
  decodeNamesReply,
  decodePortReply,
  decodeRequest,
} from "../../src/epmd/index.ts";
import { isBeamError } from "../../src/errors.ts";
import { decode, encode } from "../../src/etf/index.ts";
import { Home } from "../../src/node/home.ts";
import { Link } from "../../src/node/link.ts";
import { type Encoded, LocalProcess } from "../../src/node/processes.ts";
import type { Pump } from "../../src/node/pump.ts";
import { inspect, parse, type Term } from "../../src/term/index.ts";
import type { Corpus } from "./corpus.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** Feeds one input, each piece by way of `timed`; returns how many frames or messages that was. */
export type Target = (corpus: Corpus, random: Random, timed: Timed) => number;

/** Does the work, and notes how long it took. */
export type Timed = (work: () => void) => void;

export const TARGETS: Readonly<Record<string, Target>> = {
  terms(corpus, random, timed) {
    const bytes = mutate(random.pick(corpus.terms), random, random.pick(corpus.terms));
    let term: Term | undefined;
    timed(() => {
      term = answered(() => decode(bytes));
    });
    if (term !== undefined) encode(term); // what was accepted can be sent on
    return 1;
  },

  text(corpus, random, timed) {
    const encoded = random.pick(corpus.terms);
    if (encoded.length > 2_000 || encoded[1] === 80) return 0; // writing a large one is not what is tested
    const term = answered(() => decode(encoded));
    if (term === undefined) return 0;
    const syntax = random.pick(["elixir", "erlang"] as const);
    const text = Buffer.from(inspect(term, { syntax }).slice(0, 2_000));
    const bytes = mutate(text, random, Buffer.from("#{<<"));
    timed(() => answered(() => parse(bytes.toString("latin1"), { syntax })));
    return 1;
  },

  handshake(corpus, random, timed) {
    const role = random.pick(["acceptor", "initiator"] as const);
    const { session } = listening(role);
    session.start(0);
    session.takeOutput(0);
    const bytes = mutate(random.pick(corpus.handshakes), random, random.pick(corpus.handshakes));
    feed(session, bytes, random, timed);
    return 1;
  },

  loris(corpus, random, timed) {
    const { session } = listening("acceptor");
    session.start(0);
    const bytes = random.pick(corpus.handshakes);
    const pause = 100 + random.below(7_000);
    const { setupTime } = session.limits;
    for (let at = 0; session.state === "handshake"; at++) {
      if (at * pause > setupTime * 4 + pause) throw new Error("a handshake without end");
      timed(() => {
        session.receive(bytes.subarray(at, at + 1), at * pause);
        session.tick(at * pause);
      });
    }
    return 1;
  },

  link(corpus, random, timed) {
    const { session, link } = greeted(corpus);
    const count = 1 + random.below(8);
    for (let frame = 0; frame < count; frame++) {
      const bytes = random.pick(corpus.frames);
      const other = random.pick(corpus.frames);
      feed(session, random.below(3) === 0 ? bytes : mutate(bytes, random, other), random, timed);
    }
    session.takeOutput(0);
    if (link() === undefined) throw new Error("a right handshake was refused");
    return count;
  },

  storm(corpus, random, timed) {
    const { session } = greeted(corpus, { maxSequences: 64, maxMessage: 1024 * 1024 });
    const sequences = 1 + random.below(100);
    const size = random.pick([0, 1, 1_000, 60_000]);
    let frames = 0;
    for (; frames < 300 && session.state !== "closed"; frames++) {
      const sequence = random.below(sequences);
      const bytes = fragment(random.below(4) === 0, sequence, random.below(40), size);
      timed(() => session.receive(bytes, frames));
    }
    return frames;
  },

  epmd(corpus, random, timed) {
    const bytes = mutate(random.pick(corpus.epmd), random, random.pick(corpus.epmd));
    for (const reader of [decodeRequest, decodePortReply, decodeAliveReply, decodeNamesReply]) {
      timed(() => answered(() => reader(bytes)));
    }
    return 1;
  },
};

/** A session that reads every message, with the processes of a node behind it. */
function listening(role: "acceptor" | "initiator", limits: Partial<SessionLimits> = {}) {
  let link: Link | undefined;
  const session = new Session(
    { role, name: "right@host", creation: 77, cookie: "c", challenge: 5, limits },
    {
      up: (peer) => {
        const pump = { send: (control: Control, term?: Term) => session.send(control, term) };
        const home = new Home(peer.localName, peer.localCreation, true);
        link = new Link(pump as Pump, peer, 16, home);
        link.enter(new Eager());
      },
      message: (control, payload) => link?.receive(control, payload),
      down: (reason) => {
        link?.lost(reason);
        // A defect is reported as the cause of a broken protocol.
        for (let error: unknown = reason; error instanceof Error; error = error.cause) {
          if (!isBeamError(error)) throw error;
        }
      },
    },
  );
  return { session, link: () => link };
}

/** One whose handshake with the caller of the corpus is done. */
function greeted(corpus: Corpus, limits: Partial<SessionLimits> = {}) {
  const made = listening("acceptor", limits);
  made.session.start(0);
  made.session.receive(corpus.handshakes[0] as Buffer, 0);
  made.session.takeOutput(0);
  return made;
}

/** Wants every message at once. */
class Eager extends LocalProcess {
  override message(payload: Encoded): void {
    payload.decode();
  }

  lost(): void {}
}

function fragment(first: boolean, sequence: number, number: number, size: number): Buffer {
  const head = Buffer.alloc(first ? 23 : 22);
  head.writeUInt32BE(head.length - 4 + size);
  head.set([131, first ? 69 : 70], 4);
  head.writeBigUInt64BE(BigInt(sequence), 6);
  head.writeBigUInt64BE(BigInt(number), 14);
  return Buffer.concat([head, Buffer.alloc(size, 106)]);
}

/** At once, in pieces, or a byte at a time with the clock running. */
function feed(session: Session, bytes: Buffer, random: Random, timed: Timed): void {
  const step = random.pick([bytes.length, 1 + random.below(64), 1]);
  for (let at = 0; at < bytes.length && session.state !== "closed"; at += step) {
    timed(() => session.receive(bytes.subarray(at, at + step), at));
    if (step === 1 && at > 4_096) return;
  }
  session.tick(bytes.length);
}

function answered<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isBeamError(error)) throw error;
    return undefined;
  }
}
