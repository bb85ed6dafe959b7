/** Certificates from files, as the flags name them; the key stays as private as the cookie. */

import { readFile, stat } from "node:fs/promises";
import type { TlsOptions } from "../transport/index.ts";
import { ConfigError } from "./errors.ts";

/** What the command line says about TLS. */
export interface TlsFlags {
  readonly tls?: boolean | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsName?: string | undefined;
}

/**
 * How to speak TLS, or `undefined` when no flag asks for it.
 * @throws ConfigError when a file cannot be read, or the key can be read by others
 */
export async function findTls(flags: TlsFlags): Promise<TlsOptions | undefined> {
  const { tls, tlsCa, tlsCert, tlsKey, tlsName } = flags;
  if (tls !== true && [tlsCa, tlsCert, tlsKey, tlsName].every((flag) => flag === undefined)) {
    return undefined;
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError("a certificate and its key go together", {
      remedy: "Give both --tls-cert FILE and --tls-key FILE.",
    });
  }
  return {
    ca: await pem(tlsCa),
    cert: await pem(tlsCert),
    key: await pem(tlsKey, true),
    servername: tlsName,
  };
}

async function pem(path: string | undefined, secret = false): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    if (secret && ((await stat(path)).mode & 0o077) !== 0) {
      throw new ConfigError(`the key ${path} can be read by others`, {
        remedy: `Run: chmod 400 ${path}`,
      });
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`the file ${path} cannot be read`, {
      remedy: "Check the path and its permissions.",
      cause: error,
    });
  }
}
