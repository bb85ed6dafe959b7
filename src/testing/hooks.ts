/** The hooks of whichever test runner runs us. No runner is imported. */

import { FixtureError } from "./errors.ts";

/** What a hook runs. */
export type Work = () => Promise<void>;

/** Hooks as vitest, jest and bun name them: their named imports, or a whole `import * as runner`. A timeout is in milliseconds. */
export interface AllHooks {
  /** Once before all tests. */
  readonly beforeAll: (work: Work, timeout: number) => unknown;
  /** Once after all tests. */
  readonly afterAll: (work: Work, timeout: number) => unknown;
  /** Before each test. */
  readonly beforeEach: (work: Work, timeout: number) => unknown;
  /** After each test. */
  readonly afterEach: (work: Work, timeout: number) => unknown;
}

/** Hooks as node:test names them. */
export interface PlainHooks {
  /** Once before all tests. */
  readonly before: (work: Work, options: { timeout: number }) => unknown;
  /** Once after all tests. */
  readonly after: (work: Work, options: { timeout: number }) => unknown;
  /** Before each test. */
  readonly beforeEach: (work: Work, options: { timeout: number }) => unknown;
  /** After each test. */
  readonly afterEach: (work: Work, options: { timeout: number }) => unknown;
}

/** What a fixture registers with. */
export type Hooks = AllHooks | PlainHooks;

/** What is to be registered. */
export interface HookWork {
  readonly open: Work;
  readonly enter: Work;
  readonly leave: Work;
  readonly close: Work;
}

/** Registers the work with these hooks, or else with those that the runner has as globals. @throws FixtureError when there are none */
export function register(given: Hooks | undefined, work: HookWork, timeout: number): void {
  const hooks = given ?? globals();
  if (hooks === undefined) {
    throw new FixtureError("no hooks of a test runner are there to register with", {
      remedy:
        'Give them: useNode(options, { beforeAll, afterAll, beforeEach, afterEach }) from "vitest" or "@jest/globals", or { before, after, beforeEach, afterEach } from "node:test".',
    });
  }
  if ("beforeAll" in hooks) {
    hooks.beforeAll(work.open, timeout);
    hooks.beforeEach(work.enter, timeout);
    hooks.afterEach(work.leave, timeout);
    hooks.afterAll(work.close, timeout);
  } else {
    hooks.before(work.open, { timeout });
    hooks.beforeEach(work.enter, { timeout });
    hooks.afterEach(work.leave, { timeout });
    hooks.after(work.close, { timeout });
  }
}

function globals(): Hooks | undefined {
  const here = globalThis as Record<string, unknown>;
  const found = (...names: string[]) => names.every((name) => typeof here[name] === "function");
  if (!found("beforeEach", "afterEach")) return undefined;
  if (found("beforeAll", "afterAll")) return here as unknown as AllHooks;
  return found("before", "after") ? (here as unknown as PlainHooks) : undefined;
}
