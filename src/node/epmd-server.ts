/** An EPMD of ours, that unmodified nodes register with (`ERL_EPMD_PORT`): what it hands out can be decided for each who asks. */

import { randomInt } from "node:crypto";
import {
  type AliveRequest,
  decodeRequest,
  EPMD_PORT,
  type EpmdRequest,
  encodeAliveReply,
  encodeNamesReply,
  encodePortReply,
  type NodeAddress,
  type RegisteredNode,
} from "../epmd/index.ts";
import { BeamError } from "../errors.ts";
import {
  after,
  listenTcp,
  staysHere,
  type TcpListener,
  type Transport,
} from "../transport/index.ts";

/** How our EPMD serves. */
export interface EpmdServerOptions {
  /** Default `127.0.0.1`. Nodes can register from this host alone, wherever it listens. */
  readonly host?: string;
  /** Default 4369; 0 takes a free one. */
  readonly port?: number;
  /**
   * The port that is handed out for a node: its own, or that of a proxy that leads to it. `undefined`: as if it were not known.
   * Default: its own. Must not throw.
   */
  readonly portFor?: (node: NodeAddress) => number | undefined;
  /** Called for a node before it is told that it is registered and before anybody else can find it. It waits for the promise; a rejection refuses it. */
  readonly registering?: (node: NodeAddress) => Promise<void>;
  /** Called when a registration is over. Must not throw. */
  readonly left?: (node: NodeAddress) => void;
}

/** Most connections at a time: each registered node has one. */
const MAX_CONNECTIONS = 4_096;
/** How long one may take to ask, in milliseconds. */
const PATIENCE = 5_000;

/**
 * A running EPMD. A node is registered for as long as its connection lasts.
 * @example
 * import { type EpmdServer, epmdServe } from "beamctl";
 *
 * const epmd: EpmdServer = await epmdServe({ left: ({ name }) => console.log(`${name} is gone`) });
 * for (const { name, port } of epmd.nodes) console.log(name, port);
 * await epmd.close();
 */
export class EpmdServer implements AsyncDisposable {
  readonly #options: EpmdServerOptions;
  readonly #nodes = new Map<string, AliveRequest>();
  readonly #open = new Set<Transport>();
  #tcp: TcpListener | undefined;

  private constructor(options: EpmdServerOptions) {
    this.#options = options;
  }

  /** @internal Use {@link epmdServe}. */
  static async open(options: EpmdServerOptions): Promise<EpmdServer> {
    const server = new EpmdServer(options);
    const { host = "127.0.0.1", port = EPMD_PORT } = options;
    server.#tcp = await listenTcp((transport) => server.#accept(transport), { host, port });
    return server;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#tcp?.port ?? 0;
  }

  /** The nodes that are registered, with the ports that they really listen on. */
  get nodes(): RegisteredNode[] {
    return [...this.#nodes.values()].map(({ name, port }) => ({ name, port }));
  }

  /** Ends every registration. May be called again. */
  async close(): Promise<void> {
    for (const transport of this.#open) transport.destroy();
    await this.#tcp?.close();
  }

  /** As {@link EpmdServer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(transport: Transport): void {
    if (this.#open.size >= MAX_CONNECTIONS) {
      transport.destroy();
      return;
    }
    this.#open.add(transport);
    const late = after(PATIENCE, () => transport.destroy());
    let bytes = Buffer.alloc(0);
    let registered: AliveRequest | undefined;
    let answered = false;
    transport.start({
      data: (chunk) => {
        if (answered) return; // one request for each connection
        bytes = Buffer.concat([bytes, chunk]);
        try {
          const request = decodeRequest(bytes);
          if (request === undefined) return;
          answered = true;
          if (request.type !== "alive") {
            this.#answer(transport, request);
            return;
          }
          void this.#register(transport, request.node).then((done) => {
            registered = done;
            if (registered !== undefined) clearTimeout(late);
            if (!this.#open.has(transport)) this.#forget(registered);
          });
        } catch (error) {
          if (!(error instanceof BeamError)) throw error;
          transport.destroy();
        }
      },
      drain: () => {},
      closed: () => {
        clearTimeout(late);
        this.#open.delete(transport);
        this.#forget(registered);
      },
    });
  }

  #answer(transport: Transport, request: Exclude<EpmdRequest, { type: "alive" }>): void {
    switch (request.type) {
      case "port": {
        const node = this.#nodes.get(request.name);
        finish(transport, encodePortReply(node && this.#handedOut(node)));
        return;
      }
      case "names":
      case "dump": {
        const nodes = [...this.#nodes.values()].flatMap((node) => this.#handedOut(node) ?? []);
        finish(transport, encodeNamesReply(this.port, nodes, request.type === "dump"));
        return;
      }
      case "kill":
        finish(transport, Buffer.from("NO"));
        return;
      case "stop":
        finish(transport, Buffer.from("NOEXIST"));
        return;
    }
  }

  /** @returns the node, when it is registered by this request */
  async #register(transport: Transport, node: AliveRequest): Promise<AliveRequest | undefined> {
    const { remote } = transport;
    const from = remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, "");
    const { host = "127.0.0.1" } = this.#options;
    let refused = this.#nodes.has(node.name) || !staysHere(from, host);
    if (!refused && this.#options.registering !== undefined) {
      refused = await this.#options.registering(node).then(
        () => false,
        () => true,
      );
      refused ||= this.#nodes.has(node.name); // of two at a time one is first
    }
    if (refused) {
      finish(transport, encodeAliveReply(undefined, node.highestVersion));
      return undefined;
    }
    this.#nodes.set(node.name, node);
    // Others than those of before OTP 23 have no creation below 4.
    transport.write([encodeAliveReply(randomInt(4, 2 ** 32), node.highestVersion)]);
    return node;
  }

  #forget(node: AliveRequest | undefined): void {
    if (node === undefined || this.#nodes.get(node.name) !== node) return;
    this.#nodes.delete(node.name);
    this.#options.left?.(node);
  }

  #handedOut(node: AliveRequest): AliveRequest | undefined {
    const { portFor } = this.#options;
    const port = portFor === undefined ? node.port : portFor(node);
    return port === undefined ? undefined : { ...node, port };
  }
}

/**
 * Starts an EPMD: it needs no Erlang, and does what Erlang's does but for ending when it is told to by the network.
 * @throws ListenError when the port is taken, as by Erlang's own EPMD
 * @example
 * import { epmdServe } from "beamctl";
 *
 * await using epmd = await epmdServe({ port: 4370 });
 * console.log(`ERL_EPMD_PORT=${epmd.port} erl -sname shop -start_epmd false`);
 */
export function epmdServe(options: EpmdServerOptions = {}): Promise<EpmdServer> {
  return EpmdServer.open(options);
}

function finish(transport: Transport, reply: Uint8Array): void {
  transport.write([reply]);
  void transport.end();
}
