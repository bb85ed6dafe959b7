import { configDefaults, defineConfig } from "vitest/config";

const PHOENIX = "test/**/*.phoenix.test.ts";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "beam",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, PHOENIX],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // They share running nodes, which they suspend and upgrade: one file after the other.
        extends: true,
        test: {
          name: "phoenix",
          include: [PHOENIX],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
