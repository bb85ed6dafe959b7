/** `npm run fuzz -- --seconds N --seed N`: bootstraps, and throws wrong bytes at everything that reads bytes. */

import { bootstrap } from "./bootstrap.mjs";

bootstrap();
const { register } = await import("tsx/esm/api");
register();
await import(new URL("../test/fuzz/main.ts", import.meta.url).href);
