/** Our node where others can call it: a listening socket, a name in EPMD, and a link for each caller that knows the cookie. */

import { randomBytes, randomInt } from "node:crypto";
import type { Caller, SessionLimits, Verdict } from "../dist/index.ts";
import { BeamError, UsageError } from "../errors.ts";
import {
  listenTcp,
  listenTls,
  PlainLinkError,
  staysHere,
  type TcpListener,
  type TlsListener,
  type TlsOptions,
  type Transport,
} from "../transport/index.ts";
import { parseNodeName } from "./address.ts";
import { BeamNode } from "./beam-node.ts";
import { greet } from "./connect.ts";
import type { EpmdOptions } from "./epmd-client.ts";
import { type EpmdRegistration, epmdRegister } from "./epmd-registration.ts";

/** How our node listens. */
export interface ListenOptions {
  /** The secret of the callers, or a function that has one for each node; `undefined` refuses that node. */
  readonly cookie: string | ((peer: string) => string | undefined);
  /** Where to listen. Default `127.0.0.1`, so that only this host can call. Others need `tls`, or `plain`. */
  readonly host?: string;
  /** Allows links without TLS to other machines. Default `false`. */
  readonly plain?: boolean;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The EPMD to register with; `false` for none. Default the one of this host. */
  readonly epmd?: Pick<EpmdOptions, "host" | "port"> | false;
  /** Called with each node that has connected, once its handshake is done. */
  readonly connected?: (node: BeamNode) => void;
  /** Called when a caller was turned away, or broke off, with the reason. */
  readonly refused?: (reason: BeamError) => void;
  readonly limits?: Partial<SessionLimits>;
  /** Only over TLS, from callers whose certificate comes from one of its authorities. */
  readonly tls?: TlsOptions | undefined;
}

/** Most callers that are greeted at a time; more of them are hung up on. */
const MAX_GREETED = 64;
const MAX_PENDING = 4_096;
/** The longest that a handshake may take in all, in milliseconds: each step has its own, shorter time. */
const GREETING = 30_000;
/** What a former link of a caller's name gets to end, in milliseconds. */
const GRACE = 1_000;

/** A node of ours that listens. Nothing that callers ask is executed: they can be sent to and called, and are answered as by any hidden node. */
export class NodeListener implements AsyncDisposable {
  readonly name: string;
  readonly #options: ListenOptions;
  readonly #nodes = new Map<string, BeamNode>();
  #tcp: TcpListener | undefined;
  #tls: TlsListener | undefined;
  #registration: EpmdRegistration | undefined;
  #creation = 0;
  /** The names of those whose handshake is not done. */
  readonly #greeted = new Set<string>();
  #callers = 0;
  #closed = false;

  private constructor(name: string, options: ListenOptions) {
    this.name = name;
    this.#options = options;
  }

  /** @internal Use {@link listen}. */
  static async open(name: string, options: ListenOptions): Promise<NodeListener> {
    const listener = new NodeListener(name, options);
    try {
      await listener.#open();
      return listener;
    } catch (error) {
      await listener.close();
      throw error;
    }
  }

  /** The TCP port. */
  get port(): number {
    return this.#tcp?.port ?? 0;
  }

  /** Tells this node from earlier ones of its name. */
  get creation(): number {
    return this.#creation;
  }

  /** The nodes that are connected now, by name. */
  get nodes(): ReadonlyMap<string, BeamNode> {
    return this.#nodes;
  }

  /**
   * Greets new callers with other certificates; links that are up go on.
   * @throws TlsError when they cannot be read, and the former stay
   * @throws UsageError when it does not listen over TLS
   */
  reload(tls: TlsOptions): void {
    if (this.#tls === undefined) throw new UsageError(`${this.name} does not listen over TLS`);
    this.#tls.reload(tls);
  }

  /** Gives the name back, stops listening and closes every link. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#registration?.close();
    const links = [...this.#nodes.values()].map((node) => node.close());
    await Promise.all([...links, this.#tcp?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    const { host, port, tls, epmd = {} } = this.#options;
    this.#creation = randomInt(4, 2 ** 32);
    const accept = (transport: Transport) => void this.#called(transport);
    const where = {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
    };
    if (tls === undefined) this.#tcp = await listenTcp(accept, where);
    else {
      const refused = (error: BeamError) => this.#options.refused?.(error);
      this.#tls = await listenTls(accept, refused, { ...where, tls });
      this.#tcp = this.#tls;
    }
    if (epmd === false) return;
    this.#registration = await epmdRegister(parseNodeName(this.name).name, this.port, epmd);
    this.#creation = this.#registration.creation;
  }

  async #called(transport: Transport): Promise<void> {
    if (this.#closed || this.#callers >= MAX_GREETED) {
      transport.destroy();
      return;
    }
    this.#callers += 1;
    let name: string | undefined;
    try {
      const link = await greet(transport, {
        session: {
          role: "acceptor",
          name: this.name,
          creation: this.#creation,
          challenge: randomInt(2 ** 32),
          cookie: this.#options.cookie,
          limits: this.#options.limits ?? {},
          ...(this.#tls === undefined ? {} : { handshakeLengthBytes: 4 }),
          admit: (caller) => {
            const verdict = this.#verdict(caller);
            if (verdict === "ok" || verdict === "alive") {
              name = caller.name;
              this.#greeted.add(name);
            }
            return verdict;
          },
        },
        timeout: GREETING,
        maxPending: MAX_PENDING,
        replace: (former) =>
          this.#nodes.get(former)?.close({ timeout: GRACE }) ?? Promise.resolve(),
      });
      await this.#welcome(new BeamNode(link));
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      this.#options.refused?.(error);
    } finally {
      this.#callers -= 1;
      if (name !== undefined) this.#greeted.delete(name);
    }
  }

  async #welcome(node: BeamNode): Promise<void> {
    const { name } = node;
    this.#nodes.set(name, node);
    void node.closed.then(() => {
      if (this.#nodes.get(name) === node) this.#nodes.delete(name);
    });
    if (this.#closed) {
      await node.close();
      return;
    }
    await node.prepare({});
    this.#options.connected?.(node);
  }

  #verdict({ name, dynamic }: Caller): Verdict {
    if (dynamic) {
      const given = randomBytes(8).readBigUInt64BE().toString(36).toUpperCase();
      return { name: `${given}@${name}`, creation: randomInt(4, 2 ** 32) };
    }
    if (name === this.name) return "not_allowed";
    if (this.#greeted.has(name)) return "nok";
    return this.#nodes.has(name) ? "alive" : "ok";
  }
}

/**
 * Listens as a hidden node of this name (`name@host`), so that real nodes and others of ours can connect. Nobody without the cookie gets
 * past the handshake, and nothing that a caller asks is executed.
 * @throws ListenError when the address is taken
 * @throws PlainLinkError when it would be reached from elsewhere without TLS
 * @throws NameTakenError EpmdUnreachableError when EPMD does not take the name
 * @throws UsageError
 */
export async function listen(name: string, options: ListenOptions): Promise<NodeListener> {
  parseNodeName(name);
  const { cookie, host = "127.0.0.1", plain, tls } = options;
  if (cookie === "") throw new UsageError("a cookie is needed to listen");
  if (tls === undefined && plain !== true && !staysHere(host, undefined))
    throw new PlainLinkError(host);
  return NodeListener.open(name, options);
}
