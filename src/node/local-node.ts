/** A node of ours with a name: others call it and are called, all its links share its processes. */

import { randomInt } from "node:crypto";
import {
  type Caller,
  type Flags,
  hasFlag,
  NameInUseError,
  OFFERED,
  PUBLISHED,
  type Verdict,
} from "../dist/index.ts";
import { AbortedError, UsageError } from "../errors.ts";
import type { Term } from "../term/index.ts";
import { parseNodeName } from "./address.ts";
import { Arrivals } from "./arrivals.ts";
import { Attempt } from "./attempt.ts";
import { BeamNode } from "./beam-node.ts";
import { traceConnect } from "./diagnostics.ts";
import { Dialing } from "./dialing.ts";
import { Doorman, type House, type ListenOptions } from "./doorman.ts";
import { NoSuchLinkError } from "./errors.ts";
import type { ServedFunction } from "./functions.ts";
import { greetGlobal } from "./global-name-server.ts";
import { type Destination, Home } from "./home.ts";
import { eitherSignal, KeptConnection } from "./keep-connected.ts";
import type { Link } from "./link.ts";
import {
  type LocalDialOptions,
  type LocalKeepOptions,
  type LocalNodeOptions,
  meetingOptions,
} from "./local-node-options.ts";
import { Mailbox, type MailboxOptions } from "./mailbox.ts";
import { Server, type ServerHandlers, type ServerOptions } from "./server.ts";
import type { SendOptions } from "./signals.ts";

/** Most nodes that are connected because they called. */
const MAX_NODES = 16_384;
/** How long connecting takes at most, in milliseconds. */
const TIMEOUT = 7_000;
/** What a former link of a caller's name gets to end, in milliseconds. */
const GRACE = 1_000;

/**
 * A node of ours. Nothing that others ask is executed but what was allowed. `await using` ends it.
 * @example
 * import { atom, startNode } from "beamctl";
 *
 * await using us = await startNode("ops@localhost", { cookie: process.env.SHOP_COOKIE! });
 * us.allow("ops", "version", 0, () => atom("v1")); // rpc:call('ops@localhost', ops, version, [])
 * await us.connect("shop@localhost");
 */
export class LocalNode implements AsyncDisposable {
  readonly name: string;
  /** Whether others have it in `nodes()`. */
  readonly visible: boolean;
  readonly #options: LocalNodeOptions;
  readonly #nodes = new Map<string, BeamNode>();
  readonly #dialing = new Map<string, Dialing>();
  readonly #arrivals = new Arrivals();
  readonly #kept = new Set<KeptConnection>();
  readonly #flags: Flags;
  #doorman: Doorman | undefined;
  #home!: Home;
  #closed = false;

  private constructor(name: string, options: LocalNodeOptions) {
    this.name = name;
    this.#options = options;
    this.visible = options.visible === true;
    this.#flags = this.visible ? PUBLISHED : OFFERED;
  }

  /** @internal Use `startNode`. */
  static async open(name: string, options: LocalNodeOptions): Promise<LocalNode> {
    parseNodeName(name);
    if (options.cookie === "") throw new UsageError("a cookie is needed to start a node");
    const node = new LocalNode(name, options);
    try {
      await node.#open();
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  /** The TCP port where it listens, 0 for none. */
  get port(): number {
    return this.#doorman?.port ?? 0;
  }

  /** Tells this node from earlier ones of its name. */
  get creation(): number {
    return this.#home.processes.creation;
  }

  /** The nodes that are connected now, by name. */
  get nodes(): ReadonlyMap<string, BeamNode> {
    return this.#nodes;
  }

  /**
   * The node of this name: the link that is up, or a new one. When both sides call at the same time one of the calls is given up, as in
   * OTP, and this resolves with the other. Throws as {@link connect} does.
   */
  connect(node: string, options: LocalDialOptions = {}): Promise<BeamNode> {
    if (this.#closed) return Promise.reject(this.#over());
    const up = this.#nodes.get(node);
    if (up !== undefined && !up.closing) return Promise.resolve(up);
    if (node === this.name) return Promise.reject(new UsageError("a node does not call itself"));
    const { timeout = TIMEOUT, signal } = options;
    return this.#attempt(node, up, options).wait(timeout || TIMEOUT, signal);
  }

  /** The attempt that is under way, or a new one; `former` is a link that closes. */
  #attempt(node: string, former: BeamNode | undefined, options: LocalDialOptions): Dialing {
    const pending = this.#dialing.get(node);
    if (pending !== undefined && !pending.signal.aborted) return pending;
    const dialing = new Dialing(node, async (self) => {
      await pending?.settled;
      await former?.closed;
      return traceConnect(node, () => this.#dial(node, options, self));
    });
    this.#dialing.set(node, dialing);
    void dialing.settled.then(() => {
      if (this.#dialing.get(node) === dialing) this.#dialing.delete(node);
    });
    return dialing;
  }

  /** Connects as {@link connect} does, and again whenever the link is lost; returns at once. */
  keepConnected(node: string, { retry, ...options }: LocalKeepOptions = {}): KeptConnection {
    const dial = (given: AbortSignal) =>
      this.connect(node, { ...options, signal: eitherSignal(options.signal, given) });
    const kept = new KeptConnection(node, dial, retry);
    this.#kept.add(kept);
    void kept.closed.then(() => this.#kept.delete(kept));
    return kept;
  }

  /** A process of this node that others can send to, over any link. */
  mailbox(options: MailboxOptions = {}): Mailbox {
    return new Mailbox(this.#home, options);
  }

  /**
   * Sends a message from no process in particular.
   * @throws NoSuchLinkError when its node is not connected
   * @throws EncodeError InvalidControlError LimitError NodeDownError
   */
  send(to: Destination, message: Term, options: SendOptions = {}): void {
    this.#home.deliver(to, message, this.#home.processes.nobody, options);
  }

  /**
   * Starts a server that others call as a gen_server by this name.
   * @throws UsageError when the name is taken
   */
  serve(name: string, handlers: ServerHandlers, options: ServerOptions = {}): Server {
    return new Server(this.#home, name, handlers, options);
  }

  /**
   * Lets other nodes call this one function: by `rpc:call`, `erpc:call` and `cast`, and `spawn`. All who know the cookie can; nothing else is
   * ever executed for them. Disposing of the result takes it back.
   * @throws UsageError when it is allowed already
   */
  allow(module: string, fun: string, arity: number, served: ServedFunction): Disposable {
    return this.#home.functions.allow(module, fun, arity, served);
  }

  /**
   * Greets new callers with other certificates; links that are up go on.
   * @throws TlsError when they cannot be read, and the former stay
   * @throws UsageError when it does not listen over TLS
   */
  reload(tls: NonNullable<ListenOptions["tls"]>): void {
    if (this.#doorman === undefined) throw new UsageError(`${this.name} does not listen`);
    this.#doorman.reload(tls);
  }

  /** Gives the name back, stops listening, closes every link and ends every process. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#kept].map((kept) => kept.close()));
    for (const dialing of this.#dialing.values()) dialing.abort();
    const links = [...this.#nodes.values()].map((node) => node.close());
    await Promise.all([...links, this.#doorman?.close()]);
    this.#arrivals.end(this.#over());
    this.#home?.end(this.#over());
  }

  /** As {@link LocalNode.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #over(): AbortedError {
    return new AbortedError(`the node ${this.name}`);
  }

  async #open(): Promise<void> {
    const { listen = {} } = this.#options;
    let creation: number | undefined;
    if (listen !== false) {
      this.#doorman = new Doorman(this.#house(), listen);
      creation = await this.#doorman.open();
    }
    // Narrow pids, which every node takes: who will connect is not known yet.
    this.#home = new Home(this.name, creation ?? randomInt(4, 2 ** 32), false, this.visible);
    const { autoConnect = false } = this.#options;
    if (autoConnect !== false) {
      const dialOptions = autoConnect === true ? {} : autoConnect;
      this.#home.dial = (node) => this.connect(node, dialOptions);
    }
    this.#home.meet = (node) => this.#meet(node);
    this.#doorman?.greet();
  }

  /** Calls a node that the cluster told us of. */
  async #meet(node: string): Promise<BeamNode> {
    const options = meetingOptions(this.#options);
    if (options === undefined) throw new NoSuchLinkError(node);
    return this.connect(node, options);
  }

  #house(): House {
    const { cookie, limits = {}, refused } = this.#options;
    return {
      name: this.name,
      cookie,
      flags: this.#flags,
      visible: this.visible,
      limits,
      home: () => this.#home,
      verdict: (caller) => this.#verdict(caller),
      hasRoom: () => this.#nodes.size < MAX_NODES,
      replace: async (name) => this.#nodes.get(name)?.close({ timeout: GRACE }),
      welcome: async (link) => {
        await this.#welcome(link);
      },
      missed: (name, error) => this.#arrivals.missed(name, error),
      refused: (reason) => queueMicrotask(() => refused?.(reason)),
    };
  }

  async #dial(name: string, options: LocalDialOptions, dialing: Dialing): Promise<BeamNode> {
    const { cookie, limits } = this.#options;
    const { timeout } = options;
    const secret = options.cookie ?? (typeof cookie === "string" ? cookie : (cookie(name) ?? ""));
    const attempt = new Attempt(name, {
      ...options,
      cookie: secret,
      limits,
      signal: dialing.signal,
      timeout,
    });
    try {
      return await this.#welcome(await attempt.run({ home: this.#home, flags: this.#flags }));
    } catch (error) {
      if (!dialing.yielded && !(error instanceof NameInUseError)) throw error;
      // The other side calls us.
      return this.#nodes.get(name) ?? (await this.#arrivals.of(name, attempt.left, error as Error));
    }
  }

  async #welcome(link: Link): Promise<BeamNode> {
    const node = new BeamNode(link);
    const { name } = node;
    this.#nodes.set(name, node);
    let announced = false;
    void node.closed.then((reason) => {
      if (this.#nodes.get(name) === node) this.#nodes.delete(name);
      if (announced) this.#options.disconnected?.(node, reason);
    });
    if (this.visible && hasFlag(node.flags, "PUBLISHED")) greetGlobal(this.#home, link);
    if (this.#closed) await node.close();
    else await node.prepare({});
    if (link.down !== undefined) throw link.down;
    this.#arrivals.came(node);
    announced = true;
    // What the user's function throws is the user's.
    queueMicrotask(() => this.#options.connected?.(node));
    return node;
  }

  #verdict({ name }: Caller): Verdict {
    if (name === this.name) return "not_allowed";
    if (this.#doorman?.greets(name) === true) return "nok";
    if (this.#nodes.has(name)) return "alive";
    const dialing = this.#dialing.get(name);
    if (dialing === undefined) return "ok";
    // Both call: the call of the greater name goes on, as net_kernel decides.
    if (Buffer.compare(Buffer.from(this.name), Buffer.from(name)) > 0) return "nok";
    dialing.yield();
    return "ok_simultaneous";
  }
}
