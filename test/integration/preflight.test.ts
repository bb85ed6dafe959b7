/** What the check of an upgrade sees that the release handler's own passes over. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lostEnvironment } from "../../src/otp/index.ts";
import { atom, binary } from "../../src/term/index.ts";
import { type UpgradeEvent, upgrade } from "../../src/upgrade/index.ts";
import { hasRabbit } from "../support/index.ts";
import { openShop } from "../support/shop/open.ts";

describe.runIf(await hasRabbit()).each(["otp25", "otp27", "otp29"] as const)(
  "the check on %s",
  (otp) => {
    let given: Awaited<ReturnType<typeof openShop>>;
    let state: string;

    beforeAll(async () => {
      given = await openShop(otp);
      state = await mkdtemp(join(tmpdir(), "beamctl-preflight-"));
    });
    afterAll(async () => {
      await given?.[Symbol.asyncDispose]();
      if (state) await rm(state, { recursive: true, force: true });
    });

    const warnings = async () => {
      const events: UpgradeEvent[] = [];
      const options = { dryRun: true, stateDirectory: state };
      for await (const event of upgrade(given.node, "0.2.0", options)) events.push(event);
      expect(JSON.stringify(events)).not.toContain("a-secret-of-the-shop");
      return events.flatMap((event) =>
        event.type === "finding" && event.finding.severity === "warning"
          ? [event.finding.what]
          : [],
      );
    };

    it("warns of what an install would take out of an application's environment, by name only", async () => {
      expect(await warnings()).toEqual([]);
      const key = atom("Elixir.Shop.Endpoint");
      const set = (name: typeof key) =>
        given.node.call("application", "set_env", [
          atom("shop"),
          name,
          binary("a-secret-of-the-shop"),
        ]);
      await set(key);
      for (const name of ["a", "b", "c", "d", "e"]) await set(atom(name));
      const config = join(given.shop.root, "releases/0.2.0/sys.config");
      expect(await warnings()).toEqual([
        `${config} lacks what is set in the environment of shop now: Shop.Endpoint, a, b, c, d and 1 more`,
      ]);
      expect(await lostEnvironment(given.node, config)).toEqual([
        { application: "shop", keys: ["Elixir.Shop.Endpoint", "a", "b", "c", "d", "e"] },
      ]);
      // One that includes others is not judged.
      const including = join(state, "including.config");
      await writeFile(including, '["/etc/other.config", {shop, []}].\n');
      expect(await lostEnvironment(given.node, including)).toEqual([]);
    });
  },
);
