/** Our name in EPMD: the connection is its lease, and it is taken again when EPMD was restarted. */

import { decodeAliveReply, encodeAliveRequest } from "../epmd/index.ts";
import { connectTcp, type Transport } from "../transport/index.ts";
import { type EpmdOptions, epmdAddress, exchange, unreachable } from "./epmd-client.ts";
import { NameTakenError } from "./errors.ts";

/** What is registered. */
export interface EpmdRegisterOptions extends EpmdOptions {
  /** Default `true`: other nodes do not connect to it by themselves. */
  readonly hidden?: boolean;
}

/** How long (ms) is waited before a lost registration is tried again, at first and at most. */
const RETRY_FIRST = 200;
const RETRY_MOST = 10_000;

/** A registration that is kept alive until it is closed. It does not keep this process running. */
export class EpmdRegistration implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly #options: EpmdRegisterOptions;
  #transport: Transport | undefined;
  #creation: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(name: string, port: number, options: EpmdRegisterOptions) {
    this.name = name;
    this.port = port;
    this.#options = options;
    this.#creation = 0;
  }

  /** @internal Use {@link epmdRegister}. */
  static async open(
    name: string,
    port: number,
    options: EpmdRegisterOptions,
  ): Promise<EpmdRegistration> {
    const registration = new EpmdRegistration(name, port, options);
    await registration.#register(options.signal);
    return registration;
  }

  /** The creation of the first registration; a new one of EPMD's is ignored, as OTP does. */
  get creation(): number {
    return this.#creation;
  }

  /** Whether EPMD holds the name now. */
  get registered(): boolean {
    return this.#transport !== undefined;
  }

  /** Gives the name back. May be called again. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#transport?.destroy();
    this.#transport = undefined;
    return Promise.resolve();
  }

  /** As {@link EpmdRegistration.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // The signal is for the first registration; those after a loss end with close().
  async #register(signal?: AbortSignal): Promise<void> {
    const { host, port } = epmdAddress(this.#options);
    const { timeout = 5_000, hidden = true } = this.#options;
    let transport: Transport | undefined;
    try {
      const request = encodeAliveRequest(this.name, this.port, hidden);
      transport = await connectTcp({ host, port, timeout, signal });
      const lost = (): void => this.#lost();
      const creation = await exchange(transport, request, decodeAliveReply, {
        timeout,
        signal,
        lost,
      });
      if (creation === null) throw new NameTakenError(this.name, `${host}:${port}`);
      if (this.#creation === 0) this.#creation = creation;
    } catch (error) {
      transport?.destroy();
      throw unreachable(error, host, port);
    }
    if (this.#closed) transport.destroy();
    else {
      transport.unref();
      this.#transport = transport;
    }
  }

  #lost(): void {
    if (this.#transport === undefined) return;
    this.#transport = undefined;
    this.#retry(RETRY_FIRST);
  }

  #retry(wait: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#register().catch(() => this.#retry(Math.min(wait * 2, RETRY_MOST)));
    }, wait);
    this.#timer.unref();
  }
}

/**
 * Registers a name (the part before the @) with an EPMD: ALIVE2_REQ of erl_dist_protocol. EPMD takes names from its own host only.
 * @throws NameTakenError HostNotFoundError EpmdUnreachableError EpmdProtocolError AbortedError UsageError
 * @example
 * import { epmdRegister } from "beamctl";
 *
 * await using registration = await epmdRegister("ops", 9_100); // found as ops@localhost until it is closed
 * console.log(registration.registered);
 */
export function epmdRegister(
  name: string,
  port: number,
  options: EpmdRegisterOptions = {},
): Promise<EpmdRegistration> {
  return EpmdRegistration.open(name, port, options);
}
