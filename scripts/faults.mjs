/** `npm run faults`: bootstraps, brings the Erlang releases, and does to real nodes and controllers what can go wrong. */

import { provideBeam } from "./beam.mjs";
import { bootstrap } from "./bootstrap.mjs";

const args = process.argv.slice(2);
bootstrap();
await provideBeam({ needed: ["otp23", "otp25", "otp27", "otp29"] }, "faults", args);
const { register } = await import("tsx/esm/api");
register();
await import(new URL("../test/faults/main.ts", import.meta.url).href);
