/** A connected node for one scope, without a test runner's hooks. */

import type { BeamNode } from "../node/index.ts";
import { Belongings } from "./belongings.ts";
import { FixtureError } from "./errors.ts";
import { type NodeOptions, type Opened, openNode } from "./node-options.ts";
import type { NodeFixture } from "./target.ts";

/**
 * A fixture that is open. `await using` cleans it, closes its connection and ends the node, if it was started for it.
 * @example
 * import { type OpenFixture, openFixture } from "beamctl/testing";
 *
 * const fixture: OpenFixture = await openFixture(); // the node that the environment names
 * await fixture.clean(); // between two tests
 */
export class OpenFixture implements NodeFixture, AsyncDisposable {
  readonly node: BeamNode;
  readonly #started: Opened["started"];
  readonly #belongings = new Belongings();
  #closed: Promise<void> | undefined;

  /** @internal Use {@link openFixture}. */
  constructor({ node, started }: Opened) {
    this.node = node;
    this.#started = started;
  }

  /** @throws FixtureError when it is closed */
  own<Thing extends AsyncDisposable>(thing: Thing): Thing {
    if (this.#closed !== undefined) {
      void Promise.resolve(thing[Symbol.asyncDispose]()).catch(() => {});
      throw new FixtureError("the fixture is closed", {
        node: this.node.name,
        remedy: "A helper outlived its test: await it there.",
      });
    }
    this.#belongings.add(thing);
    return thing;
  }

  /**
   * Disposes of what it owns, the last first.
   * @throws CleanUpError when some of it failed; the rest is disposed of all the same
   */
  clean(): Promise<void> {
    return this.#belongings.clear(this.node.name);
  }

  /** Cleans it, closes its connection and ends the node, if it was started for it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.clean();
    } finally {
      await this.node.close();
      await this.#started?.[Symbol.asyncDispose]?.();
    }
  }
}

/**
 * Connects a fixture for one scope. Safe on a busy node: it costs one process there.
 * @example
 * import { openFixture, withAppEnv } from "beamctl/testing";
 *
 * await using fixture = await openFixture({ node: "shop@localhost", cookieFile: "/run/secrets/cookie" });
 * await withAppEnv(fixture, "kernel", { greeting: "hello" }); // taken back at the end of the scope
 * @throws UsageError when no node or no cookie is named, and what `connect` throws
 */
export async function openFixture(options: NodeOptions = {}): Promise<OpenFixture> {
  return new OpenFixture(await openNode(options));
}
