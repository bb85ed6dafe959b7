/** Two sessions back to back in memory, for tests. */

import {
  type Control,
  type Payload,
  type PeerInfo,
  Session,
  type SessionOptions,
} from "../../src/dist/index.ts";
import type { BeamError } from "../../src/errors.ts";
import { atom, Pid, Reference, type Term } from "../../src/term/index.ts";

/** One side with everything that it was told. */
export class Side {
  readonly session: Session;
  readonly messages: { control: Control; message: Term | undefined }[] = [];
  peer: PeerInfo | undefined;
  down: BeamError | undefined;

  constructor(options: Partial<SessionOptions> & Pick<SessionOptions, "role" | "name">) {
    this.session = new Session(
      { creation: 77, cookie: "secret", challenge: 123_456_789, ...options },
      {
        up: (peer) => {
          this.peer = peer;
        },
        message: (control: Control, payload: Payload | undefined) => {
          this.messages.push({ control, message: payload?.decode() });
        },
        down: (reason) => {
          this.down = reason;
        },
      },
    );
  }

  /** All that it wants to write, as one buffer. */
  output(now = 0): Buffer {
    const parts: Uint8Array[] = [];
    for (let out = this.session.takeOutput(now); out.length > 0; ) {
      parts.push(...out);
      out = this.session.takeOutput(now);
    }
    return Buffer.concat(parts);
  }

  pid(id: number): Pid {
    const peer = this.peer as PeerInfo;
    return new Pid(atom(peer.localName), id, 0, peer.localCreation);
  }

  reference(...ids: number[]): Reference {
    const peer = this.peer as PeerInfo;
    return new Reference(atom(peer.localName), peer.localCreation, ids);
  }

  theirs(id: number): Pid {
    const peer = this.peer as PeerInfo;
    return new Pid(atom(peer.name), id, 0, peer.creation);
  }
}

/** How a stream is cut: a list of chunks that make up the same bytes. */
export type Cut = (bytes: Buffer) => Buffer[];

/** Passes bytes both ways until neither side has more to say. */
export function pump(left: Side, right: Side, cut: Cut = (bytes) => [bytes], now = 0): void {
  for (;;) {
    const there = left.output(now);
    const back = right.output(now);
    if (there.length + back.length === 0) return;
    for (const chunk of cut(there)) right.session.receive(chunk, now);
    for (const chunk of cut(back)) left.session.receive(chunk, now);
  }
}

/** Two sides whose handshake is done. */
export function connected(
  options: { left?: Partial<SessionOptions>; right?: Partial<SessionOptions>; cut?: Cut } = {},
): { left: Side; right: Side } {
  const left = new Side({ role: "initiator", name: "left@host", ...options.left });
  const right = new Side({ role: "acceptor", name: "right@host", ...options.right });
  left.session.start(0);
  right.session.start(0);
  pump(left, right, options.cut);
  return { left, right };
}
