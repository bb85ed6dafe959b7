import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "shop.setup.ts",
    fileParallelism: false, // one Phoenix for all files, some of which change what others would see
    testTimeout: 20_000,
  },
});
