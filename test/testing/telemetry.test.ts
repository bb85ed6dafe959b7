/** What `telemetry` says of nodes that have none, and its types; what it does is tested against a live Phoenix. */

import { expect, expectTypeOf, it } from "vitest";
import { connect } from "../../src/node/index.ts";
import type { TermMap } from "../../src/term/index.ts";
import { type TelemetryEvent, type TelemetryEvents, telemetry } from "../../src/testing/index.ts";
import { provision, startErl } from "../support/index.ts";

it("refuses a node without telemetry, and says what to do", async () => {
  await using erl = await startErl({ otp: await provision("otp27") });
  await using node = await connect(erl.name, {
    cookie: erl.cookie,
    address: { host: "127.0.0.1", port: erl.port },
  });
  await expect(telemetry(node, [["a"]])).rejects.toMatchObject({
    code: "BEAM_TOPOLOGY",
    message: `telemetry is not started on ${erl.name}`,
    remedy: expect.stringContaining("dependencies"),
  });
});

it("has types", () => {
  expectTypeOf(telemetry).returns.resolves.toEqualTypeOf<TelemetryEvents>();
  expectTypeOf<TelemetryEvents["next"]>().returns.resolves.toEqualTypeOf<TelemetryEvent>();
  expectTypeOf<TelemetryEvent["measurements"]>().toEqualTypeOf<TermMap>();
});
