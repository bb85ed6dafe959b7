/** `npm run demo`: bootstraps, brings Erlang, Elixir and Cowboy, and runs the demo; stdout is the demo's alone. */

import { fileURLToPath } from "node:url";
import { provideBeam } from "./beam.mjs";
import { bootstrap } from "./bootstrap.mjs";

const args = process.argv.slice(2);
bootstrap();
await provideBeam({ needed: ["otp25", "rabbitmq310"] }, "demo", args);
const main = new URL("../examples/demo/main.ts", import.meta.url);
process.argv = [process.execPath, fileURLToPath(main), ...args];
const { register } = await import("tsx/esm/api");
register();
await import(main.href);
