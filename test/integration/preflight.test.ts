/** What the check of an upgrade sees that the release handler's own passes over. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluate, lostEnvironment } from "../../src/otp/index.ts";
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
      const own = join(given.shop.root, "releases/0.1.0/sys.config");
      expect(await lostEnvironment(given.node, config, own)).toEqual([
        {
          application: "shop",
          keys: [["Elixir.Shop.Endpoint"], ...["a", "b", "c", "d", "e"].map((key) => [key])],
        },
      ]);
      // One that includes others is not judged.
      const including = join(state, "including.config");
      await writeFile(including, '["/etc/other.config", {shop, []}].\n');
      expect(await lostEnvironment(given.node, including, own)).toEqual([]);
      for (const name of ["a", "b", "c", "d", "e"])
        await given.node.call("application", "unset_env", [atom("shop"), atom(name)]);
    });

    it("looks into keyword lists, and leaves out what the new version changes on purpose", async () => {
      const { node, shop } = given;
      const [own, config] = ["0.1.0", "0.2.0"].map((version) =>
        join(shop.root, `releases/${version}/sys.config`),
      ) as [string, string];
      const kept = [await readFile(own), await readFile(config)] as const;
      const of = (text: string) =>
        String(kept[1]).replace(
          /\{shop,\s*\[/,
          (found) => `${found}{'Elixir.Shop.Endpoint', ${text}}, `,
        );
      const now = "[{http, [{port, 8443}, {ip, any}]}, {size, 5}, {same, [1]}, {secret, <<115>>}]";
      await evaluate(node, `application:set_env(shop, 'Elixir.Shop.Endpoint', ${now})`, {
        language: "erlang",
      });
      const built = "[{http, [{port, 4000}, {ip, any}]}, {size, 5}, {same, [1]}, {secret, none}]";
      await writeFile(own, of(built));
      // The port and the secret were set at the boot; size and ip are other ones in the new version.
      await writeFile(config, of("[{size, 9}, {http, [{ip, v6}, {port, 4000}]}, {same, [1]}]"));
      const lost = ["Shop.Endpoint.http.port", "Shop.Endpoint.secret"];
      const told = `${config} lacks what is set in the environment of shop now: ${lost.join(", ")}`;
      expect(await warnings()).toEqual([told]);
      // Merged for the way back: what was built is in its oldest backup.
      await writeFile(`${own}.20260101T000000.000Z.bak`, of(built));
      await writeFile(`${own}.20260102T000000.000Z.bak`, of(now));
      await writeFile(own, of(now));
      expect(await warnings()).toEqual([told]);
      // What the preparation would have merged.
      await writeFile(config, of(now.replace("any", "v6").replace("{size, 5}", "{size, 9}")));
      expect(await warnings()).toEqual([]);
      // Of a file that cannot be read nobody knows what was meant.
      await rm(`${own}.20260101T000000.000Z.bak`);
      await rm(`${own}.20260102T000000.000Z.bak`);
      await writeFile(own, "");
      await writeFile(config, of("[{size, 9}]"));
      expect(await lostEnvironment(node, config, own)).toEqual([]);
      await writeFile(own, kept[0]);
      await writeFile(config, kept[1]);
      await node.call("application", "unset_env", [atom("shop"), atom("Elixir.Shop.Endpoint")]);
    });
  },
);
