/** Bytes that are right, to be made wrong: terms, handshakes, links with every control message, EPMD's talk. */

import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { type Control, Session } from "../../src/dist/index.ts";
import { encodeAliveRequest, encodeNamesReply, encodePortRequest } from "../../src/epmd/index.ts";
import { encode } from "../../src/etf/index.ts";
import { atom, Pid, Reference, type Term, tuple } from "../../src/term/index.ts";
import { CURRENT, OLD } from "../etf/vectors.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const PEER = atom("left@host");
const OURS = atom("right@host");

/** What each target is fed from. */
export interface Corpus {
  readonly terms: readonly Buffer[];
  readonly handshakes: readonly Buffer[];
  readonly frames: readonly Buffer[];
  readonly epmd: readonly Buffer[];
}

export function makeCorpus(seed: number): Corpus {
  const terms = fc.sample(arbitraryTerm(), { numRuns: 300, seed });
  return {
    terms: [
      ...terms.map((term) => Buffer.from(encode(term))),
      ...[...CURRENT, ...OLD].map(({ hex }) => Buffer.from(`83${hex}`, "hex")),
      bomb(1_000_000),
      nested(2_000),
    ],
    handshakes: [
      greeting({}),
      greeting({ oldName: true }),
      greeting({ dynamic: true, name: "host" }),
    ],
    frames: linkFrames(terms),
    epmd: [
      Buffer.from(encodeAliveRequest("shop", 4711, false)),
      Buffer.from(encodePortRequest("shop")),
      Buffer.from(encodeNamesReply(4369, [{ name: "shop", port: 4711 }])),
      Buffer.from("0077000012674d000006000500" + "0473686f700000", "hex"),
      Buffer.from([118, 0, 1, 2, 3, 4]),
    ],
  };
}

/** A compressed term that says what it is, and is far larger than its bytes. */
function bomb(size: number): Buffer {
  const inside = Buffer.alloc(size + 5);
  inside[0] = 109;
  inside.writeUInt32BE(size, 1);
  const head = Buffer.from([131, 80, 0, 0, 0, 0]);
  head.writeUInt32BE(inside.length, 2);
  return Buffer.concat([head, deflateSync(inside)]);
}

/** Tuples in tuples. */
function nested(depth: number): Buffer {
  return Buffer.concat([
    Buffer.from([131]),
    Buffer.alloc(depth * 2, Buffer.from([104, 1])),
    Buffer.from([106]),
  ]);
}

/** All that an initiator says until it is up. */
function greeting(options: object): Buffer {
  const common = { creation: 77, cookie: "c", challenge: 5 };
  const said: Uint8Array[] = [];
  const silent = { up: () => {}, message: () => {}, down: () => {} };
  const left = new Session({ role: "initiator", name: PEER.name, ...common, ...options }, silent);
  const right = new Session({ role: "acceptor", name: OURS.name, ...common }, silent);
  left.start(0);
  for (let turn = 0; turn < 6; turn++) {
    for (const chunk of left.takeOutput(0)) {
      said.push(Buffer.from(chunk));
      right.receive(chunk, 0);
    }
    for (const chunk of right.takeOutput(0)) left.receive(chunk, 0);
  }
  return Buffer.concat(said);
}

/** Frames as the peer sends them: each control message with each of some terms, some in fragments, some with a cache. */
function linkFrames(terms: readonly Term[]): Buffer[] {
  const { sent, session } = linkedPeer();
  const from = new Pid(PEER, 1, 0, 77);
  const to = new Pid(OURS, 2, 0, 77);
  const ref = new Reference(PEER, 77, [1, 2, 3]);
  const controls: [Control, boolean][] = [
    [{ type: "link", from, to }, false],
    [{ type: "unlink", id: 1, from, to }, false],
    [{ type: "unlink_ack", id: 2n ** 64n - 1n, from, to }, false],
    [{ type: "send_sender", from, to }, true],
    [{ type: "reg_send", from, to: atom("rex") }, true],
    [{ type: "payload_exit", from, to }, true],
    [{ type: "monitor", from, target: to, ref }, false],
    [{ type: "demonitor", from, target: to, ref }, false],
    [{ type: "payload_monitor_exit", from, to, ref }, true],
    [{ type: "spawn_reply", ref, to, flags: 2, result: from }, false],
  ];
  const frames: Buffer[] = [];
  for (const [index, term] of terms.entries()) {
    const [control, payload] = controls[index % controls.length] as [Control, boolean];
    try {
      session.send(control, payload ? term : undefined);
    } catch {
      continue; // a term that this peer could not have
    }
    frames.push(sent());
  }
  session.send({ type: "send_sender", from, to }, new Uint8Array(200_000));
  frames.push(sent(), Buffer.alloc(4));
  const cached = "836803" + "8044" + "0161" + "0261" + "52005201"; // atoms from a cache, in a header that has some
  frames.push(framed(Buffer.from(`8344028803${cached}`, "hex")));
  frames.push(
    framed(
      Buffer.concat([
        Buffer.from([112]),
        Buffer.from(encode(tuple(2, atom(""), to))),
        Buffer.from(encode(1)),
      ]),
    ),
  );
  return frames;
}

function framed(body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** A session of the peer that is up, and what it has sent since the last time. */
function linkedPeer() {
  const common = { creation: 77, cookie: "c", challenge: 5 };
  const silent = { up: () => {}, message: () => {}, down: () => {} };
  const session = new Session({ role: "initiator", name: PEER.name, ...common }, silent);
  const other = new Session({ role: "acceptor", name: OURS.name, ...common }, silent);
  session.start(0);
  for (let turn = 0; turn < 6; turn++) {
    for (const chunk of session.takeOutput(0)) other.receive(chunk, 0);
    for (const chunk of other.takeOutput(0)) session.receive(chunk, 0);
  }
  const sent = () => {
    const parts: Uint8Array[] = [];
    for (let out = session.takeOutput(0); out.length > 0; out = session.takeOutput(0))
      parts.push(...out);
    return Buffer.concat(parts);
  };
  return { session, sent };
}
