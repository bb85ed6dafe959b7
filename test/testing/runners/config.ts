/** For the test files that runners.test.ts has vitest run. */

import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["test/testing/runners/*.ts"] } });
