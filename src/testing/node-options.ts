/** Where the node of a test is: given, in the environment, or started for it. */

import { readFile } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import { type Address, type BeamNode, type ConnectOptions, connect } from "../node/index.ts";

/** A node that runs, and how to be let in: `cookie` or `cookieFile`. Else as {@link ConnectOptions}. */
export interface GivenNode extends Omit<ConnectOptions, "cookie"> {
  /** Its name, `name@host`. */
  readonly node: string;
  /** The secret, or a function that fetches it. */
  readonly cookie?: ConnectOptions["cookie"] | undefined;
  /** A file that holds the cookie; white space around it is left out. */
  readonly cookieFile?: string | undefined;
}

/** A node that was started for the tests, as `startErl` and `startRelease` make it. Disposed of after them when it can be. */
export interface StartedNode extends Partial<AsyncDisposable> {
  readonly name: string;
  readonly cookie: string;
  /** Where it listens for us. Default: its host's EPMD knows. */
  readonly address?: Address | string | undefined;
}

/**
 * Where a node is. Without anything, or where a part is left out, the environment says it: `BEAMCTL_TEST_NODE`, `BEAMCTL_TEST_COOKIE_FILE` or else
 * `BEAMCTL_TEST_COOKIE`, `BEAMCTL_TEST_ADDRESS`. A function starts one.
 */
export type NodeOptions = Partial<GivenNode> | (() => StartedNode | Promise<StartedNode>);

/** A connection, and what is to be ended after it. */
export interface Opened {
  readonly node: BeamNode;
  readonly started: StartedNode | undefined;
}

/** Connects. @throws UsageError when no node or no cookie is named, and what `connect` throws */
export async function openNode(
  options: NodeOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Opened> {
  if (typeof options === "function") {
    const started = await options();
    try {
      const { name, cookie, address } = started;
      return { node: await connect(name, { cookie, address }), started };
    } catch (error) {
      await started[Symbol.asyncDispose]?.();
      throw error;
    }
  }
  const { node, cookie, cookieFile, ...more } = options;
  const name = node ?? env["BEAMCTL_TEST_NODE"];
  if (name === undefined || name === "") {
    throw new UsageError("no node is named to test against", {
      remedy: "Give { node, cookie }, or set BEAMCTL_TEST_NODE and BEAMCTL_TEST_COOKIE_FILE.",
    });
  }
  // An address of the environment is that of the node of the environment.
  const ofEnvironment = node === undefined ? env["BEAMCTL_TEST_ADDRESS"] : undefined;
  const address = more.address ?? (ofEnvironment || undefined);
  const secret = cookie ?? (() => findCookie(cookieFile, env));
  return { node: await connect(name, { ...more, address, cookie: secret }), started: undefined };
}

async function findCookie(given: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const file = given ?? (env["BEAMCTL_TEST_COOKIE_FILE"] || undefined);
  if (file === undefined) {
    const cookie = env["BEAMCTL_TEST_COOKIE"];
    if (cookie !== undefined && cookie !== "") return cookie;
    throw new UsageError("no cookie is given for the node to test against", {
      remedy: "Give cookie or cookieFile, or set BEAMCTL_TEST_COOKIE_FILE.",
    });
  }
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`the cookie file ${file} cannot be read`, {
      remedy: "Check the path and its permissions.",
      cause,
    });
  });
  const cookie = text.trim();
  if (cookie !== "") return cookie;
  throw new UsageError(`the cookie file ${file} is empty`);
}
