/** Asks EPMD, the port mapper of a host, about its nodes. */

import {
  checkReplySize,
  decodeNamesReply,
  decodePortReply,
  EPMD_PORT,
  EpmdProtocolError,
  encodeNamesRequest,
  encodePortRequest,
  type NodeAddress,
  type RegisteredNode,
} from "../epmd/index.ts";
import { AbortedError, BeamError, TimeoutError, UsageError } from "../errors.ts";
import { after, connectTcp, HostNotFoundError, type Transport } from "../transport/index.ts";
import { EpmdUnreachableError, NameTakenError, NodeNotRegisteredError } from "./errors.ts";

/** Which EPMD, and how long to wait for it. */
export interface EpmdOptions {
  /** Default `localhost`. */
  readonly host?: string | undefined;
  /** Default the environment's `ERL_EPMD_PORT`, else 4369. */
  readonly port?: number | undefined;
  /** Milliseconds for all of it. Default 5000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT = 5_000;

/** The host and port of the EPMD that is meant. */
export function epmdAddress(options: EpmdOptions): { host: string; port: number } {
  const { host = "localhost", port = Number(process.env["ERL_EPMD_PORT"] ?? EPMD_PORT) } = options;
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { host, port };
  throw new UsageError("the port of EPMD is no port", { remedy: "Check ERL_EPMD_PORT." });
}

/**
 * The nodes registered with an EPMD: NAMES_REQ of erl_dist_protocol. Safe on a busy host; needs no cookie.
 * @throws HostNotFoundError EpmdUnreachableError EpmdProtocolError AbortedError UsageError
 * @example
 * import { epmdNames } from "beamctl";
 *
 * for (const { name, port } of await epmdNames({ host: "10.1.2.3" })) console.log(name, port);
 */
export async function epmdNames(options: EpmdOptions = {}): Promise<RegisteredNode[]> {
  return ask(options, encodeNamesRequest(), (bytes, whole) =>
    whole ? decodeNamesReply(bytes) : undefined,
  );
}

/**
 * Where the node of this name (the part before the @) listens: PORT_PLEASE2_REQ. Safe on a busy host; needs no cookie.
 * @throws NodeNotRegisteredError with the names that are
 * @throws HostNotFoundError EpmdUnreachableError EpmdProtocolError AbortedError UsageError
 * @example
 * import { epmdLookup } from "beamctl";
 *
 * const { port } = await epmdLookup("shop"); // shop@localhost
 */
export async function epmdLookup(name: string, options: EpmdOptions = {}): Promise<NodeAddress> {
  const found = await ask(options, encodePortRequest(name), decodePortReply);
  if (found !== null) return found;
  const { host, port } = epmdAddress(options);
  const known = await epmdNames(options).catch(() => []); // it is only for the message
  throw new NodeNotRegisteredError(
    name,
    `${host}:${port}`,
    known.map((node) => node.name),
  );
}

/** Collects a reply until `decode` has enough; `whole` says that EPMD closed and no more comes. */
async function ask<T>(
  options: EpmdOptions,
  request: Uint8Array,
  decode: (bytes: Uint8Array, whole: boolean) => T | undefined,
): Promise<T> {
  const { host, port } = epmdAddress(options);
  const { timeout = TIMEOUT, signal } = options;
  const deadline = performance.now() + timeout;
  let transport: Transport | undefined;
  try {
    transport = await connectTcp({ host, port, timeout, signal });
    return await exchange(transport, request, decode, {
      timeout: deadline - performance.now(),
      signal,
    });
  } catch (error) {
    throw unreachable(error, host, port);
  } finally {
    transport?.destroy();
  }
}

/** Sends a request and reads its reply; `lost` is called when the connection ends after that. */
export function exchange<T>(
  transport: Transport,
  request: Uint8Array,
  decode: (bytes: Uint8Array, whole: boolean) => T | undefined,
  options: { timeout: number; signal: AbortSignal | undefined; lost?: () => void },
): Promise<T> {
  const { timeout, signal, lost } = options;
  return new Promise<T>((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    let settled = false;
    const settle = (work: () => T | undefined): void => {
      if (settled) return;
      try {
        const value = work();
        if (value === undefined) return;
        resolve(value);
      } catch (error) {
        reject(error instanceof Error ? error : new EpmdProtocolError(String(error)));
      }
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
    const fail = (error: Error): void =>
      settle(() => {
        throw error;
      });
    const aborted = (): void => fail(new AbortedError("asking EPMD", { cause: signal?.reason }));
    const timer = after(timeout, () => fail(new TimeoutError("EPMD", Math.max(0, timeout))));
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted) aborted();
    transport.start({
      data: (chunk) =>
        settle(() => {
          checkReplySize(bytes.length + chunk.length);
          bytes = Buffer.concat([bytes, chunk]);
          return decode(bytes, false);
        }),
      drain: () => {},
      closed: (error) => {
        if (settled) lost?.();
        settle(() => {
          if (error !== undefined) throw error;
          const value = decode(bytes, true);
          if (value === undefined) throw new EpmdProtocolError("a reply that ends too early");
          return value;
        });
      },
    });
    transport.write([request]);
  });
}

/** The error as what it means for a user of EPMD. */
export function unreachable(error: unknown, host: string, port: number): unknown {
  const passes =
    error instanceof HostNotFoundError ||
    error instanceof NameTakenError ||
    error instanceof AbortedError ||
    error instanceof EpmdProtocolError ||
    error instanceof UsageError;
  if (passes || !(error instanceof BeamError)) return error;
  return new EpmdUnreachableError(`${host}:${port}`, error);
}
