/** Makes a connection: the address, the transport, the handshake, each failure as its own error. */

import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import {
  HandshakeClosedError,
  HandshakeTimeoutError,
  NameInUseError,
  Session,
  type SessionLimits,
  type SessionOptions,
} from "../dist/index.ts";
import { AbortedError, type BeamError, UsageError } from "../errors.ts";
import {
  after,
  connectTcp,
  connectTls,
  type TlsOptions,
  type Transport,
} from "../transport/index.ts";
import { type Address, parseAddress, parseNodeName } from "./address.ts";
import { BeamNode } from "./beam-node.ts";
import { traceConnect } from "./diagnostics.ts";
import { type EpmdOptions, epmdLookup } from "./epmd-client.ts";
import { Link } from "./link.ts";
import { Pump } from "./pump.ts";

/** Bounds of one connection. */
export interface ConnectLimits extends SessionLimits {
  /** Most calls that wait for their answer at a time; more wait to be sent. Default 4096. */
  readonly maxPending: number;
}

/** How to connect. */
export interface ConnectOptions {
  /** The secret that the node was started with, or a function that fetches it. It appears in no error and in no log. */
  readonly cookie: string | (() => string | Promise<string>);
  /** Where the node listens: skips EPMD. The name given to {@link connect} stays the one that must answer. */
  readonly address?: Address | string | undefined;
  /** Another EPMD than that of the node's host on its usual port. */
  readonly epmd?: Pick<EpmdOptions, "host" | "port"> | undefined;
  /** Milliseconds for all of it. Default 7000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Connects over TLS, as to a node with `-proto_dist inet_tls`, and verifies that its certificate is for the host of its name. A function
   * is asked at each attempt, so that renewed certificates are used. The cookie is needed all the same.
   */
  readonly tls?: TlsOptions | (() => TlsOptions | Promise<TlsOptions>) | undefined;
  /** Allows a link without TLS to leave this machine. Default `false`: what is sent there can be read and changed on the way. */
  readonly plain?: boolean | undefined;
  /** `"dynamic"` (the default) has the node give us a name, so that it keeps no new atom; else `name` or `name@host`. */
  readonly localName?: string | undefined;
  readonly limits?: Partial<ConnectLimits> | undefined;
}

const TIMEOUT = 7_000;
const MAX_PENDING = 4_096;
const POOL = 64;

/**
 * Connects to a node as a hidden node, by erl_dist_protocol. Safe on a busy production node: it costs one process there, and
 * the node's users do not see us in `nodes()`.
 * @throws HostNotFoundError ConnectionRefusedError ConnectTimeoutError ConnectFailedError
 * @throws EpmdUnreachableError NodeNotRegisteredError
 * @throws TlsError PlainLinkError
 * @throws CookieRefusedError NotAllowedError MissingFlagsError WrongNodeNameError NameInUseError
 * @throws HandshakeTimeoutError HandshakeClosedError ProtocolError
 * @throws AbortedError UsageError
 */
export async function connect(node: string, options: ConnectOptions): Promise<BeamNode> {
  return traceConnect(node, () => new Attempt(node, options).run());
}

/** One attempt with its deadline. */
class Attempt {
  readonly #node: string;
  readonly #options: ConnectOptions;
  readonly #timeout: number;
  readonly #deadline: number;
  readonly #host: string;

  constructor(node: string, options: ConnectOptions) {
    this.#node = node;
    this.#options = options;
    this.#timeout = options.timeout || TIMEOUT;
    this.#deadline = performance.now() + this.#timeout;
    const { host } = parseNodeName(node);
    this.#host = ownHost(host);
  }

  async run(): Promise<BeamNode> {
    const cookie = await cookieOf(this.#options.cookie);
    const address = await this.#address();
    const link = await this.#link(address, cookie);
    const node = new BeamNode(link);
    await node.prepare({ timeout: this.#left(), signal: this.#options.signal });
    return node;
  }

  async #address(): Promise<Address> {
    const { address, epmd, signal } = this.#options;
    if (address !== undefined) return parseAddress(address);
    const { name, host } = parseNodeName(this.#node);
    const asked = { host, ...epmd, timeout: this.#left(), signal };
    return { host, port: (await epmdLookup(name, asked)).port };
  }

  async #link(address: Address, cookie: string): Promise<Link> {
    const { localName = "dynamic" } = this.#options;
    if (localName !== "dynamic") {
      const name = localName.includes("@") ? localName : `${localName}@${this.#host}`;
      parseNodeName(name);
      return this.#greet(address, cookie, { name, dynamic: false });
    }
    try {
      return await this.#greet(address, cookie, { name: this.#host, dynamic: true });
    } catch (error) {
      // A node that gives no names, as OTP 23, closes when it is asked for one.
      if (!(error instanceof HandshakeClosedError)) throw error;
      return this.#greetFromPool(address, cookie, error);
    }
  }

  // A fixed pool, because the node keeps every name that it has ever seen.
  async #greetFromPool(address: Address, cookie: string, refusal: BeamError): Promise<Link> {
    const first = randomInt(POOL);
    for (let turn = 0; turn < POOL; turn++) {
      const name = `beamctl_${((first + turn) % POOL) + 1}@${this.#host}`;
      try {
        return await this.#greet(address, cookie, { name, dynamic: false });
      } catch (error) {
        if (error instanceof HandshakeClosedError) throw refusal;
        if (!(error instanceof NameInUseError)) throw error;
      }
    }
    throw refusal;
  }

  async #greet(
    { host, port }: Address,
    cookie: string,
    own: Pick<SessionOptions, "name" | "dynamic">,
  ): Promise<Link> {
    const { signal, limits = {}, tls: given, plain } = this.#options;
    const tls = typeof given === "function" ? await given() : given;
    const where = { host, port, timeout: this.#left(), signal };
    const { host: servername } = parseNodeName(this.#node);
    const transport = await (tls === undefined
      ? connectTcp({ ...where, localOnly: plain !== true })
      : connectTls({ ...where, tls, servername }));
    return greet(transport, {
      session: {
        role: "initiator",
        ...own,
        creation: randomInt(4, 2 ** 32),
        challenge: randomInt(2 ** 32),
        cookie,
        expectedName: this.#node,
        limits,
        ...(tls === undefined ? {} : { handshakeLengthBytes: 4 }),
      },
      timeout: this.#left(),
      signal,
      maxPending: limits.maxPending ?? MAX_PENDING,
    });
  }

  #left(): number {
    return Math.max(1, this.#deadline - performance.now());
  }
}

/** What {@link greet} needs. */
export interface Greeting {
  readonly session: SessionOptions;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly maxPending: number;
  /** Acceptors: closes the link of this name, whose place the caller takes. */
  readonly replace?: (name: string) => Promise<void>;
}

/** Makes a link of a connected transport by the handshake. */
export function greet(transport: Transport, greeting: Greeting): Promise<Link> {
  const { timeout, signal, maxPending, replace } = greeting;
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
        link = new Link(pump, peer, maxPending);
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

async function cookieOf(given: ConnectOptions["cookie"]): Promise<string> {
  const cookie = typeof given === "function" ? await given() : given;
  if (typeof cookie === "string" && cookie !== "") return cookie;
  throw new UsageError("a cookie is needed to connect", {
    remedy: "Give the cookie of the node, as in its ~/.erlang.cookie.",
  });
}

/** Our host as the other one writes its own: short, or with its domain. */
function ownHost(theirs: string): string {
  const own = hostname();
  if (own === "") return "localhost";
  return theirs.includes(".") ? own : (own.split(".")[0] as string);
}
