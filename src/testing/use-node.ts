/** A node for the tests of a file, with any runner: connected before them, cleaned after each, closed after them. */

import type { BeamNode } from "../node/index.ts";
import { FixtureError } from "./errors.ts";
import { type Hooks, register } from "./hooks.ts";
import type { NodeOptions } from "./node-options.ts";
import { type OpenFixture, openFixture } from "./open-fixture.ts";
import type { NodeFixture } from "./target.ts";

/** How long the runner's hooks may take. */
export interface UseNodeOptions {
  /** Milliseconds for each hook, the first of which starts the node and connects. Default 120000: longer than `startBeam` waits, so that it can say what is wrong. */
  readonly timeout?: number | undefined;
}

const PATIENCE = 120_000;

/**
 * A fixture for the tests of this file, or of the `describe` in which it is called: one connection, opened before them and closed after them. What helpers
 * start with it is disposed of after the test, the last first; when that fails the test fails, and the rest is disposed of all the same.
 *
 * Tests that run at the same time (`test.concurrent`): whose a thing is cannot be told, so nothing is disposed of while one of them runs, and all
 * of it when the last has ended. Where that is too late, hold it by `await using` on `fixture.node`.
 * Safe on a busy node: it costs one process there.
 * @param options where the node is; default the environment, see {@link NodeOptions}
 * @param hooks the runner's, as `import * as vitest from "vitest"`; default its globals, as jest has them
 * @throws FixtureError when there are no hooks; `.node` throws it before the node is connected and after the end
 * @example
 * import * as vitest from "vitest";
 * import { evaluate, useNode, withAppEnv } from "beamctl/testing";
 *
 * const { expect, test } = vitest;
 * const shop = useNode({ node: "shop@localhost", cookieFile: "/run/secrets/cookie" }, vitest);
 *
 * test("greets", async () => {
 *   await withAppEnv(shop, "kernel", { greeting: "hello" }); // taken back after the test
 *   expect(await evaluate(shop, "application:get_env(kernel, greeting)")).toEqual(["ok", "hello"]);
 * });
 */
export function useNode(
  options: NodeOptions = {},
  hooks?: Hooks,
  { timeout = PATIENCE }: UseNodeOptions = {},
): NodeFixture {
  const fixture = new HookedFixture(options);
  register(hooks, fixture, timeout);
  return fixture;
}

class HookedFixture implements NodeFixture {
  readonly #options: NodeOptions;
  #fixture: OpenFixture | undefined;
  #over = false;
  #running = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  get node(): BeamNode {
    return this.#open().node;
  }

  own<Thing extends AsyncDisposable>(thing: Thing): Thing {
    return this.#open().own(thing);
  }

  readonly open = async (): Promise<void> => {
    this.#over = false;
    this.#fixture = await openFixture(this.#options);
  };

  readonly enter = async (): Promise<void> => {
    this.#running += 1;
  };

  readonly leave = async (): Promise<void> => {
    this.#running = Math.max(0, this.#running - 1);
    if (this.#running === 0) await this.#fixture?.clean();
  };

  readonly close = async (): Promise<void> => {
    const fixture = this.#fixture;
    this.#over = true;
    this.#fixture = undefined;
    await fixture?.[Symbol.asyncDispose]();
  };

  #open(): OpenFixture {
    if (this.#fixture !== undefined) return this.#fixture;
    throw this.#over
      ? new FixtureError("the node of the fixture is closed: its tests are over", {
          remedy: "Await what the test started.",
        })
      : new FixtureError("the node of the fixture is not connected yet", {
          remedy: "Use it within a test or a hook, not while the file is read.",
        });
  }
}
