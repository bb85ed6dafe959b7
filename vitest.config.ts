import { configDefaults, defineConfig } from "vitest/config";

const PHOENIX = "test/**/*.phoenix.test.ts";
const TIMES = { testTimeout: 60_000, hookTimeout: 120_000, teardownTimeout: 20_000 };

export default defineConfig({
  test: {
    globalSetup: "test/support/scratch.ts", // once for all projects: they do not extend this
    projects: [
      {
        test: {
          name: "beam",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, PHOENIX],
          ...TIMES,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // They share running nodes, which they suspend and upgrade: one file after the other.
        test: {
          name: "phoenix",
          include: [PHOENIX],
          ...TIMES,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
