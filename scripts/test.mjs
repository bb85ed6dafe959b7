/** `npm test`: bootstraps, brings the nodes that the tests run against, runs vitest with our arguments, says the totals. */

import { bootstrap, note } from "./bootstrap.mjs";

const args = process.argv.slice(2);
bootstrap();

const { parseCLI, startVitest } = await import("vitest/node");
const { filter, options } = parseCLI(["vitest", "run", ...args]);
// Whoever asks for some tests by name gets the nodes only if those tests want them.
if (
  filter.length === 0 ||
  filter.some((name) => /integration|faults|testing|examples/.test(name))
) {
  const { provideBeam } = await import("./beam.mjs");
  await provideBeam(
    {
      needed: ["otp23", "otp25", "otp27", "otp29"],
      wished: ["rabbitmq38", "rabbitmq310", "rabbitmq43", "ejabberd", "strangers"],
    },
    "test",
    args,
  );
}

const vitest = await startVitest("test", filter, { ...options, watch: false, run: true });
const totals = { passed: 0, failed: vitest.state.getUnhandledErrors().length, skipped: 0 };
let phoenix;
for (const file of vitest.state.getTestModules()) {
  if (file.project.name === "phoenix" && phoenix !== "ran")
    phoenix = file.state() === "skipped" ? "skipped" : "ran";
  totals.failed += file.errors().length; // it did not even load
  for (const test of file.children.allTests()) {
    const { state } = test.result();
    totals[state === "passed" || state === "failed" ? state : "skipped"] += 1;
  }
}
await vitest.close();
if (totals.failed > 0) process.exitCode ||= 1;
if (totals.passed + totals.failed === 0) note("no test ran");
if (phoenix === "skipped") note("no live Phoenix was named: `npm run test:phoenix` runs its tests");
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
