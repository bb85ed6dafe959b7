/** One attempt to connect: the address, the transport, the handshake, all within one deadline. */

import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import {
  HandshakeClosedError,
  NameInUseError,
  PASS_THROUGH,
  type SessionOptions,
} from "../dist/index.ts";
import { type BeamError, isBeamError, UsageError } from "../errors.ts";
import {
  ConnectFailedError,
  connectTcp,
  connectTls,
  StreamTransport,
  type TlsOptions,
  type Transport,
} from "../transport/index.ts";
import { type Address, parseAddress, parseNodeName } from "./address.ts";
import type { DialOptions } from "./connect.ts";
import { epmdLookup } from "./epmd-client.ts";
import { greet } from "./greet.ts";
import type { Home } from "./home.ts";
import type { Link } from "./link.ts";

/** As whom we call: a name of a local node of ours, or one that is made for the link. */
export type Caller =
  | { readonly home: Home; readonly flags: SessionOptions["flags"] }
  | { readonly localName: string };

const TIMEOUT = 7_000;
const MAX_PENDING = 4_096;
const POOL = 64;

/** One attempt with its deadline. */
export class Attempt {
  readonly #node: string;
  readonly #options: DialOptions;
  readonly #deadline: number;
  readonly #host: string;

  constructor(node: string, options: DialOptions) {
    this.#node = node;
    this.#options = options;
    this.#deadline = performance.now() + (options.timeout || TIMEOUT);
    const { host } = parseNodeName(node);
    this.#host = ownHost(host);
  }

  /** Milliseconds that are left, 1 at least. */
  get left(): number {
    return Math.max(1, this.#deadline - performance.now());
  }

  async run(caller: Caller): Promise<Link> {
    const cookie = await cookieOf(this.#options.cookie);
    const address = await this.#address();
    if ("home" in caller) {
      const { node, processes } = caller.home;
      const own = { name: node.name, creation: processes.creation, takeOver: true };
      const flags = caller.flags === undefined ? {} : { flags: caller.flags };
      return this.#greet(address, cookie, { ...own, ...flags }, caller.home);
    }
    const { localName } = caller;
    if (localName !== "dynamic") {
      const name = localName.includes("@") ? localName : `${localName}@${this.#host}`;
      parseNodeName(name);
      return this.#greet(address, cookie, visitor(name));
    }
    try {
      return await this.#greet(address, cookie, { ...visitor(this.#host), dynamic: true });
    } catch (error) {
      // A node that gives no names, as OTP 23, closes when it is asked for one.
      if (!(error instanceof HandshakeClosedError)) throw error;
      return this.#greetFromPool(address, cookie, error);
    }
  }

  async #address(): Promise<Address | undefined> {
    const { address, resolve, stream, epmd, signal } = this.#options;
    const given = address ?? (await resolve?.(this.#node));
    if (given !== undefined) return parseAddress(given);
    if (stream !== undefined) return undefined;
    const { name, host } = parseNodeName(this.#node);
    const asked = { host, ...epmd, timeout: this.left, signal };
    return { host, port: (await epmdLookup(name, asked)).port };
  }

  // A fixed pool, because the node keeps every name that it has ever seen.
  async #greetFromPool(
    address: Address | undefined,
    cookie: string,
    refusal: BeamError,
  ): Promise<Link> {
    const first = randomInt(POOL);
    for (let turn = 0; turn < POOL; turn++) {
      const name = `beamctl_${((first + turn) % POOL) + 1}@${this.#host}`;
      try {
        return await this.#greet(address, cookie, visitor(name));
      } catch (error) {
        if (error instanceof HandshakeClosedError) throw refusal;
        if (!(error instanceof NameInUseError)) throw error;
      }
    }
    throw refusal;
  }

  async #greet(
    address: Address | undefined,
    cookie: string,
    own: Pick<SessionOptions, "name" | "creation" | "dynamic" | "takeOver" | "flags">,
    home?: Home,
  ): Promise<Link> {
    const { signal, limits = {}, tls: given, passThrough } = this.#options;
    const tls = typeof given === "function" ? await given() : given;
    const transport = await this.#transport(address, tls);
    const secure = tls !== undefined || (transport instanceof StreamTransport && transport.secure);
    return greet(transport, {
      session: {
        role: "initiator",
        ...own,
        ...(passThrough === true ? { flags: PASS_THROUGH } : {}),
        challenge: randomInt(2 ** 32),
        cookie,
        expectedName: this.#node,
        limits,
        ...(secure ? { handshakeLengthBytes: 4 as const } : {}),
      },
      timeout: this.left,
      signal,
      maxPending: limits.maxPending ?? MAX_PENDING,
      home,
    });
  }

  async #transport(address: Address | undefined, tls: TlsOptions | undefined): Promise<Transport> {
    const { stream, signal, plain } = this.#options;
    if (stream !== undefined) {
      if (tls !== undefined) throw new UsageError("a stream of your own is its own TLS");
      try {
        return new StreamTransport(await stream(address), this.#node);
      } catch (error) {
        throw isBeamError(error) ? error : new ConnectFailedError(this.#node, error);
      }
    }
    const { host, port } = address as Address;
    const where = { host, port, timeout: this.left, signal };
    const { host: servername } = parseNodeName(this.#node);
    return tls === undefined
      ? connectTcp({ ...where, localOnly: plain !== true })
      : connectTls({ ...where, tls, servername });
  }
}

/** A name for one link. */
function visitor(name: string): Pick<SessionOptions, "name" | "creation"> {
  return { name, creation: randomInt(4, 2 ** 32) };
}

async function cookieOf(given: DialOptions["cookie"]): Promise<string> {
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
