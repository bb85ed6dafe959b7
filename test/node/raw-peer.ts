/** A peer over TCP that passes the handshake and then writes whatever it is told, for tests of a node of ours. */

import { type Control, Session, type SessionOptions } from "../../src/dist/index.ts";
import { TermWriter } from "../../src/etf/index.ts";
import { type LocalNode, type LocalNodeOptions, startNode } from "../../src/node/index.ts";
import { atom, Pid, Reference, type Term, tuple } from "../../src/term/index.ts";
import { connectTcp } from "../../src/transport/index.ts";

/** One control message, with its message, unchecked. */
export function frameOf(control: Term, message?: Term): Buffer {
  const writer = new TermWriter();
  writer.write(control);
  if (message !== undefined) writer.write(message);
  const body = Buffer.concat(writer.parts());
  const head = Buffer.alloc(7);
  head.writeUInt32BE(3 + body.length);
  head.set([131, 68, 0], 4);
  return Buffer.concat([head, body]);
}

/** What the peer heard. */
export interface Heard {
  readonly control: Control;
  readonly message: Term | undefined;
}

export interface RawPeer {
  readonly pid: Pid;
  readonly heard: Heard[];
  /** Resolves when it is up; rejects when it is turned away. */
  readonly ready: Promise<unknown>;
  raw(control: Term, message?: Term): void;
  /** A message to a name that no process has, and whose atom this process does not make first. */
  rawAtom(name: string): void;
  ref(id: number): Reference;
  /** Reads no more until told. */
  pause(): void;
  resume(): void;
  hangUp(): void;
}

const open: { close(): Promise<void> | void }[] = [];

/** Ends all that {@link startOurs} and {@link rawPeer} made. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

export async function startOurs(
  name = "ours@localhost",
  options: Partial<LocalNodeOptions> = {},
): Promise<LocalNode> {
  const node = await startNode(name, { cookie: "shared", listen: { epmd: false }, ...options });
  open.push(node);
  return node;
}

/** Calls our node; `listen` is told what it hears. */
export async function rawPeer(
  ours: LocalNode,
  name: string,
  options: Partial<SessionOptions> & {
    readonly listen?: (heard: Heard, peer: RawPeer) => void;
  } = {},
): Promise<RawPeer> {
  const transport = await connectTcp({ host: "127.0.0.1", port: ours.port });
  const { listen, ...more } = options;
  const heard: Heard[] = [];
  let up: (value: unknown) => void = () => {};
  let down: (error: unknown) => void = () => {};
  const ready = new Promise((resolve, reject) => {
    up = resolve;
    down = reject;
  });
  ready.catch(() => {});
  const session: Session = new Session(
    {
      role: "initiator",
      name,
      creation: 99,
      cookie: "shared",
      challenge: 5,
      expectedName: ours.name,
      takeOver: true,
      ...more,
    },
    {
      up,
      down,
      message: (control, payload) => {
        const one = { control, message: payload?.decode() };
        heard.push(one);
        listen?.(one, peer);
      },
    },
  );
  const flush = (): void => {
    transport.write(session.takeOutput(performance.now()));
  };
  transport.start({
    data: (chunk) => {
      session.receive(chunk, performance.now());
      flush();
    },
    drain: () => {},
    closed: (error) => session.transportClosed(error),
  });
  session.start(performance.now());
  flush();
  const { socket } = transport as unknown as { socket: { pause(): void; resume(): void } };
  const node = atom(name);
  const peer: RawPeer = {
    pid: new Pid(node, 1, 0, 99),
    heard,
    ready,
    raw: (control, message) => void transport.write([frameOf(control, message)]),
    rawAtom: (name) => {
      const known = frameOf(tuple(6, new Pid(node, 1, 0, 99), atom(""), atom("?")), 1);
      const text = Buffer.from(name);
      // The atom of one byte is the last thing before the message of two.
      const frame = Buffer.concat([
        known.subarray(0, -4),
        Buffer.from([text.length]),
        text,
        known.subarray(-2),
      ]);
      frame.writeUInt32BE(frame.length - 4);
      transport.write([frame]);
    },
    ref: (id) => new Reference(node, 99, [id, 1, 1]),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    hangUp: () => transport.destroy(),
  };
  open.push({ close: () => transport.destroy() });
  return peer;
}
