/** Where a node of ours is called: the listening socket, its name in EPMD, and the handshake of each caller. */

import { randomBytes, randomInt } from "node:crypto";
import type { Caller, Flags, SessionLimits, Verdict } from "../dist/index.ts";
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
import type { EpmdOptions } from "./epmd-client.ts";
import { type EpmdRegistration, epmdRegister } from "./epmd-registration.ts";
import { greet } from "./greet.ts";
import type { Home } from "./home.ts";
import type { Link } from "./link.ts";

/** Where a node of ours listens. */
export interface ListenOptions {
  /** Default `127.0.0.1`, so that only this host can call. Others need `tls`, or `plain`. */
  readonly host?: string | undefined;
  /** Allows links without TLS to other machines. Default `false`. */
  readonly plain?: boolean | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** The EPMD to register with; `false` for none. Default the one of this host. */
  readonly epmd?: Pick<EpmdOptions, "host" | "port"> | false | undefined;
  /** Only over TLS, from callers whose certificate comes from one of its authorities. */
  readonly tls?: TlsOptions | undefined;
}

/** Whom the doorman works for. */
export interface House {
  readonly name: string;
  readonly cookie: string | ((peer: string) => string | undefined);
  readonly flags: Flags;
  readonly visible: boolean;
  readonly limits: Partial<SessionLimits>;
  /** Known once EPMD has given the creation. */
  home(): Home;
  /** About a caller with a name of its own. */
  verdict(caller: Caller): Verdict;
  /** Whether there is room for another link. */
  hasRoom(): boolean;
  /** Closes the link of a name whose place the caller takes. */
  replace(name: string): Promise<void>;
  welcome(link: Link): Promise<void>;
  /** A caller of this name was greeted in vain. */
  missed(name: string, error: BeamError): void;
  refused(reason: BeamError): void;
}

/** Most callers that are greeted at a time; more of them are hung up on. */
const MAX_GREETED = 64;
const MAX_PENDING = 4_096;
/** The longest that a handshake may take in all, in milliseconds: each step has its own, shorter time. */
const GREETING = 30_000;

/** Greets callers until it is closed. */
export class Doorman {
  readonly #house: House;
  readonly #options: ListenOptions;
  /** The names of those whose handshake is not done. */
  readonly #greeted = new Set<string>();
  readonly #callers = new Set<Transport>();
  #tcp: TcpListener | undefined;
  #tls: TlsListener | undefined;
  #registration: EpmdRegistration | undefined;
  #closed = false;
  #opened: () => void = () => {};
  /** Callers that come while EPMD is asked wait for it. */
  readonly #open = new Promise<void>((resolve) => {
    this.#opened = resolve;
  });

  constructor(house: House, options: ListenOptions) {
    const { host = "127.0.0.1", plain, tls } = options;
    if (tls === undefined && plain !== true && !staysHere(host, undefined)) {
      throw new PlainLinkError(host);
    }
    this.#house = house;
    this.#options = options;
  }

  get port(): number {
    return this.#tcp?.port ?? 0;
  }

  /** Begins; resolves with the creation that EPMD gave, if one was asked. Then {@link greet} lets callers in. */
  async open(): Promise<number | undefined> {
    const { host, port, tls, epmd = {} } = this.#options;
    const accept = (transport: Transport) => void this.#called(transport);
    const where = {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
    };
    if (tls === undefined) this.#tcp = await listenTcp(accept, where);
    else {
      const refused = (error: BeamError) => this.#house.refused(error);
      this.#tls = await listenTls(accept, refused, { ...where, tls });
      this.#tcp = this.#tls;
    }
    if (epmd === false) return undefined;
    const { name } = parseNodeName(this.#house.name);
    const hidden = !this.#house.visible;
    this.#registration = await epmdRegister(name, this.port, { ...epmd, hidden });
    return this.#registration.creation;
  }

  greet(): void {
    this.#opened();
  }

  /** Greets new callers with other certificates; links that are up go on. */
  reload(tls: TlsOptions): void {
    if (this.#tls === undefined) {
      throw new UsageError(`${this.#house.name} does not listen over TLS`);
    }
    this.#tls.reload(tls);
  }

  /** Whether a caller of this name is being greeted. */
  greets(name: string): boolean {
    return this.#greeted.has(name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#opened();
    for (const transport of this.#callers) transport.destroy();
    await this.#registration?.close();
    await this.#tcp?.close();
  }

  async #called(transport: Transport): Promise<void> {
    if (this.#closed || this.#callers.size >= MAX_GREETED) {
      transport.destroy();
      return;
    }
    this.#callers.add(transport);
    const house = this.#house;
    let name: string | undefined;
    let greeting = true;
    try {
      await this.#open;
      if (this.#closed) {
        transport.destroy();
        return;
      }
      const home = house.home();
      const link = await greet(transport, {
        session: {
          role: "acceptor",
          name: house.name,
          creation: home.processes.creation,
          challenge: randomInt(2 ** 32),
          cookie: house.cookie,
          flags: house.flags,
          limits: house.limits,
          ...(this.#tls === undefined ? {} : { handshakeLengthBytes: 4 }),
          admit: (caller) => {
            const verdict = caller.dynamic ? nameFor(caller.name) : house.verdict(caller);
            if (!house.hasRoom() && verdict !== "alive") return "not_allowed";
            if (verdict === "ok" || verdict === "ok_simultaneous" || verdict === "alive") {
              name = caller.name;
              this.#greeted.add(name);
            }
            return verdict;
          },
        },
        timeout: GREETING,
        maxPending: MAX_PENDING,
        home,
        replace: (former) => house.replace(former),
      });
      this.#callers.delete(transport);
      if (name !== undefined) this.#greeted.delete(name);
      greeting = false;
      await house.welcome(link);
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      if (name !== undefined) house.missed(name, error);
      house.refused(error);
    } finally {
      this.#callers.delete(transport);
      if (greeting && name !== undefined) this.#greeted.delete(name);
    }
  }
}

/** A name that no other caller has, for one who asks for it. */
function nameFor(host: string): Verdict {
  const name = randomBytes(8).readBigUInt64BE().toString(36).toUpperCase();
  return { name: `${name}@${host}`, creation: randomInt(4, 2 ** 32) };
}
