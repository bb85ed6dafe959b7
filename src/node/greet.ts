/** Makes a link of a connected transport: the handshake, with its deadline. */

import {
  HandshakeTimeoutError,
  hasFlag,
  type PeerInfo,
  Session,
  type SessionOptions,
} from "../dist/index.ts";
import { AbortedError, type BeamError } from "../errors.ts";
import { after, type Transport } from "../transport/index.ts";
import { Home } from "./home.ts";
import { Link } from "./link.ts";
import { Pump } from "./pump.ts";

/** What {@link greet} needs. */
export interface Greeting {
  readonly session: SessionOptions;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxPending: number;
  /** The local node that the link is for; default one of its own. */
  readonly home?: Home | undefined;
  /** Acceptors: closes the link of this name, whose place the caller takes. */
  readonly replace?: (name: string) => Promise<void>;
}

/** Makes a link of a connected transport by the handshake. */
export function greet(transport: Transport, greeting: Greeting): Promise<Link> {
  const { timeout, signal, maxPending, replace, home } = greeting;
  const session: SessionOptions = {
    ...greeting.session,
    ...(replace && { replace: (name) => void replace(name).then(() => pump.proceed()) }),
  };
  let pump: Pump;
  return new Promise((resolve, reject) => {
    let link: Link | undefined;
    const settle = (error?: BeamError): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      if (error === undefined) return;
      reject(error);
      pump.destroy();
    };
    const label = session.expectedName ?? transport.remote;
    const aborted = (): void =>
      settle(new AbortedError(`connecting to ${label}`, { cause: signal?.reason }));
    const timer = after(timeout, () =>
      settle(new HandshakeTimeoutError(label, Math.round(timeout))),
    );
    signal?.addEventListener("abort", aborted);
    pump = new Pump(transport, (handler) => new Session(session, handler), {
      up: (peer) => {
        settle();
        link = new Link(pump, peer, maxPending, home ?? homeOf(peer));
        resolve(link);
      },
      message: (control, payload) => link?.receive(control, payload),
      down: (reason) => {
        if (link === undefined) settle(reason);
        else link.lost(reason);
      },
      blocked: (blocked) => {
        if (link !== undefined) link.blocked = blocked;
      },
    });
    pump.start();
    if (signal?.aborted) aborted();
  });
}

/** The local node of a single link: as wide as the one node that it meets allows. */
function homeOf({ localName, localCreation, flags }: PeerInfo): Home {
  return new Home(localName, localCreation, hasFlag(flags, "V4_NC"));
}
