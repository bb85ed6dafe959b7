import { sandbox } from "beamctl/testing";
import { describe, expect, test } from "vitest";
import { http, Room, useShop } from "./shop.ts";

const shop = useShop();

// At the same time: each has a database of its own.
describe.concurrent("orders", () => {
  test.each(["tea", "milk", "bread", "salt", "ink"])("%s is the only one", async (item) => {
    await using box = await sandbox(shop, { repos: ["Shop.Repo"] });
    const headers = { ...box.headers, "content-type": "application/json", connection: "close" };
    const body = JSON.stringify({ item, quantity: 1 });
    const made = await fetch(`${http}/orders`, { method: "POST", headers, body });
    expect(made.status).toBe(201);
    const seen = (await (await fetch(`${http}/orders`, { headers })).json()) as object;
    expect(seen).toMatchObject({ orders: [{ item }] });
    using room = await Room.join("room:orders", box.headers); // a channel sees them, too
    expect(await room.push("orders")).toMatchObject({ orders: [{ item }] });
  });
});
