/** Where the cookie comes from: the first source that has one wins, and none is ever shown. */

import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ConfigError } from "./errors.ts";

/** A cookie and where it was found. The value is not enumerable, so that printing the object does not show it. */
export class Cookie {
  readonly #value: string;
  /** For people: the flag, the variable or the file. */
  readonly source: string;

  constructor(value: string, source: string) {
    this.#value = value;
    this.source = source;
  }

  reveal(): string {
    return this.#value;
  }
}

/** What the command line says about the cookie. */
export interface CookieFlags {
  /** The value itself, or `-` for standard input. */
  cookie?: string | undefined;
  cookieFile?: string | undefined;
  releaseRoot?: string | undefined;
}

/**
 * The cookie by the documented order: `--cookie-file`, `--cookie`, `BEAMCTL_COOKIE`, `RELEASE_COOKIE`, `releases/COOKIE` of
 * the release root, `~/.erlang.cookie`, then the one under `XDG_CONFIG_HOME`.
 * @throws ConfigError when none is found, or a file is readable by others
 */
export async function findCookie(
  flags: CookieFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Cookie> {
  if (flags.cookieFile !== undefined) return fromFile(flags.cookieFile, true);
  if (flags.cookie === "-") return checked((await text(process.stdin)).trim(), "standard input");
  if (flags.cookie !== undefined) return checked(flags.cookie, "--cookie");
  for (const name of ["BEAMCTL_COOKIE", "RELEASE_COOKIE"]) {
    const value = env[name];
    if (value !== undefined && value !== "") return checked(value, name);
  }
  const home = env["HOME"] ?? homedir();
  const files = [
    ...(flags.releaseRoot === undefined ? [] : [join(flags.releaseRoot, "releases", "COOKIE")]),
    join(home, ".erlang.cookie"),
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "erlang", ".erlang.cookie"),
  ];
  for (const file of files) {
    const found = await fromFile(file, false);
    if (found !== undefined) return found;
  }
  throw new ConfigError(`no cookie was found (looked at ${files.join(", ")})`, {
    remedy: "Give one with --cookie-file FILE, or in the environment as BEAMCTL_COOKIE.",
  });
}

async function fromFile(path: string, required: true): Promise<Cookie>;
async function fromFile(path: string, required: false): Promise<Cookie | undefined>;
async function fromFile(path: string, required: boolean): Promise<Cookie | undefined> {
  try {
    const found = await stat(path);
    // The same rule as OTP's auth module; a release's own COOKIE file is commonly group-readable, so only others are refused there.
    const forbidden = path.endsWith(join("releases", "COOKIE")) ? 0o007 : 0o077;
    if ((found.mode & forbidden) !== 0) {
      throw new ConfigError(`the cookie file ${path} can be read by others`, {
        remedy: `Run: chmod 400 ${path}`,
      });
    }
    return checked((await readFile(path, "utf8")).trim(), path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!required && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ConfigError(`the cookie file ${path} cannot be read`, {
      remedy: "Check the path and its permissions.",
      cause: error,
    });
  }
}

function checked(value: string, source: string): Cookie {
  if (value !== "" && !/[\s\0]/.test(value)) return new Cookie(value, source);
  throw new ConfigError(`the cookie from ${source} is empty or has white space in it`, {
    remedy: "A cookie is one word.",
  });
}
