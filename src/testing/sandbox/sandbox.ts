/** A database sandbox for a test: Ecto's SQL sandbox on the node, owned by a process there that lets go when we are gone. */

import { BeamError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer } from "../../otp/index.ts";
import { Atom, atom, bool, inspect, OK, type Pid, type Term, tuple } from "../../term/index.ts";
import { type Kept, keep } from "../keeper.ts";
import { nodeOf, owned, type Target } from "../target.ts";
import { checkRepos, OWNER } from "./sandbox-script.ts";

/** How connections are owned. */
export interface SandboxOptions {
  /** The repos' modules: `["Shop.Repo"]`. */
  readonly repos: readonly string[];
  /**
   * Every process of the node uses these connections, so no other test runs meanwhile; whoever has another sandbox loses it. As Ecto does it, the
   * repos are in manual mode afterwards, as with `mode: "manual"`. Default `false`.
   */
  readonly shared?: boolean | undefined;
  /**
   * `"manual"` sets the repos to manual mode first, where a process that was not allowed gets no connection. It stays set, and whoever has a connection
   * then by the automatic mode loses it. Default: it is left as it is, which is automatic unless the release sets it.
   */
  readonly mode?: "manual" | undefined;
  /** Milliseconds after which the pool takes a connection back. Default: the repo's `ownership_timeout`, which is two minutes unless set. */
  readonly ownershipTimeout?: number | undefined;
  /** Milliseconds for getting the connections, and for giving them back. Default 5000. */
  readonly timeout?: number | undefined;
}

/** The connections could not be had, or a process could not be allowed. */
export class SandboxError extends BeamError {
  readonly code = "BEAM_REMOTE";

  constructor(node: string, message: string, remedy: string) {
    super(message, { node, remedy });
  }
}

const POOL_REMEDY =
  "Give the repo a pool_size of at least the number of tests that run at a time, and share connections in one test at a time.";
const ALLOW_REMEDY =
  "Allow a process in one sandbox at a time, while it runs and before it queries.";

/**
 * Checks a connection out of each repo, in a transaction that is rolled back at the end: as `Ecto.Adapters.SQL.Sandbox.start_owner!/2`, in one
 * process for all repos. Requests that carry `headers` work in it, where the endpoint has the plug `Phoenix.Ecto.SQL.Sandbox`; so each test
 * has a database of its own and many run at a time, as many as the pool has connections. It is released when it is disposed of and when
 * the link is gone, also by SIGKILL. Close websockets first: what queries later raises on the node.
 *
 * Servers such as Bandit serve all requests of a kept connection by one process. So that parallel tests of one runner do not meet in it, have
 * phoenix_ecto 4.6.5 or later and give its plug no option `sandbox:` (or one with `unallow_existing: true`); else have each test connect for itself.
 *
 * For a node that runs for tests alone: the pool must be `Ecto.Adapters.SQL.Sandbox`.
 *
 * @example
 * import { sandbox } from "beamctl/testing";
 *
 * await using box = await sandbox(node, { repos: ["Shop.Repo"] });
 * const url = "http://localhost:4000/orders";
 * const headers = { ...box.headers, "content-type": "application/json" };
 * await fetch(url, { method: "POST", headers, body: JSON.stringify({ item: "tea", quantity: 2 }) });
 * console.log(await (await fetch(url, { headers })).json()); // the one order
 * @throws SandboxPoolError when a repo has another pool
 * @throws TopologyError when there is no such repo, or it is not started
 * @throws SandboxError when the pool gave no connection
 * @throws ScriptError TimeoutError NodeDownError
 */
export async function sandbox(target: Target, options: SandboxOptions): Promise<Sandbox> {
  const node = nodeOf(target);
  const { timeout = 5_000, shared = false, mode, ownershipTimeout } = options;
  const repos = options.repos.map(moduleAtom);
  await checkRepos(node, repos, timeout);
  const limit =
    ownershipTimeout === undefined ? [] : [tuple(atom("ownership_timeout"), ownershipTimeout)];
  const bindings = {
    Repos: repos,
    Options: limit,
    Shared: bool(shared),
    Manual: bool(mode === "manual"),
  };
  const kept = await keep(node, OWNER, bindings, { timeout });
  const answer = new Answer(node, OWNER.name);
  const [tag, ...rest] = answer.tuple(kept.value);
  if (answer.atom(tag) === "owner") {
    const [owner, metadata] = [answer.pid(rest[0]), answer.text(rest[1])];
    return owned(target, new Sandbox(node, repos, owner, metadata, kept, timeout));
  }
  await kept.release();
  const reasons = answer.list(rest[0]).map((reason) => {
    const [repo, text] = answer.tuple(reason, 2);
    return `${inspect(repo as Term)}: ${answer.text(text)}`;
  });
  throw new SandboxError(
    node.name,
    `no sandbox on ${node.name}: ${reasons.join("; ")}`,
    POOL_REMEDY,
  );
}

/**
 * A sandbox; `await using` rolls it back.
 * @example
 * import { type Sandbox, sandbox } from "beamctl/testing";
 *
 * const box: Sandbox = await sandbox(shop, { repos: ["Shop.Repo"] }); // rolled back after the test
 * await box.allow("Shop.Worker");
 */
export class Sandbox implements AsyncDisposable {
  /** The process of the node that owns the connections. */
  readonly owner: Pid;
  /** What `Phoenix.Ecto.SQL.Sandbox` reads: `BeamMetadata (...)`, as `metadata_for/2` and `encode_metadata/1` give. A browser's user agent ends with `/` and it. */
  readonly metadata: string;
  /** For every request of the test; `connect_info: [:user_agent]` of a socket reads it too. */
  readonly headers: { readonly "user-agent": string };
  readonly #node: BeamNode;
  readonly #repos: readonly Atom[];
  readonly #kept: Kept;
  readonly #timeout: number;

  /** @internal Use {@link sandbox}. */
  constructor(
    node: BeamNode,
    repos: readonly Atom[],
    owner: Pid,
    metadata: string,
    kept: Kept,
    timeout: number,
  ) {
    this.owner = owner;
    this.metadata = metadata;
    this.headers = { "user-agent": metadata };
    this.#node = node;
    this.#repos = repos;
    this.#kept = kept;
    this.#timeout = timeout;
  }

  /**
   * Lets a process of the node work in it: by pid or registered name, `Shop.Worker` or `worker`. It stays allowed until the end of the sandbox.
   * @throws SandboxError when it works in another one already
   * @throws RemoteError when there is no such process; TimeoutError NodeDownError
   */
  async allow(process: Pid | string): Promise<void> {
    const who = typeof process === "string" ? moduleAtom(process) : process;
    for (const repo of this.#repos) {
      const args = [repo, this.owner, who];
      const options = { timeout: this.#timeout };
      const answer = await this.#node.call(
        "Elixir.Ecto.Adapters.SQL.Sandbox",
        "allow",
        args,
        options,
      );
      if (answer === OK) continue;
      const name = this.#node.name;
      const why = answer instanceof Atom ? "the sandbox has ended" : "it works in one already";
      throw new SandboxError(name, `${process} of ${name} cannot be allowed: ${why}`, ALLOW_REMEDY);
    }
  }

  /** Rolls back what was done in it and gives the connections back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept.release();
  }
}

/** `Shop.Repo` is an Elixir module; what begins otherwise is the atom itself. */
function moduleAtom(name: string): Atom {
  return atom(/^[A-Z]/.test(name) && !/^Elixir(\.|$)/.test(name) ? `Elixir.${name}` : name);
}
