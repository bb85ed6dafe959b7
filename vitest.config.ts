import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/scratch.ts",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    maxWorkers: 2,
  },
});
