import { eventually, pubsub, toJs } from "beamctl/testing";
import { expect, test } from "vitest";
import { Room, useShop } from "./shop.ts";

const shop = useShop();

test("a channel answers", async () => {
  using room = await Room.join("room:answers");
  expect(await room.push("ping", { n: 1 })).toEqual({ n: 1 });
});

test("a shout is broadcast to the room", async () => {
  const bus = await pubsub(shop, "Shop.PubSub");
  const messages = bus.subscribe("room:*");
  using room = await Room.join("room:shouts");
  room.channel.push("shout", { body: "hi" });
  const { topic, payload } = await messages.next(({ event }) => event === "shout");
  expect([topic, toJs(payload)]).toEqual(["room:shouts", { body: "hi" }]);
});

test("the room is empty when its client has left", async () => {
  const present = 'map_size(ShopWeb.Presence.list("room:leaving"))';
  {
    using _ = await Room.join("room:leaving");
    await eventually(shop, `${present} == 1`);
  }
  await eventually(shop, `${present} == 0`);
});
