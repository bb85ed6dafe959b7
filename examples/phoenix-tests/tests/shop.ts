/** What the tests share: the node, the address for requests, and a channel of Phoenix's own client. */

import { type NodeFixture, useNode } from "beamctl/testing";
import { type Channel, Socket } from "phoenix";
import * as vitest from "vitest";
import WebSocket from "ws";

export const http: string = process.env["SHOP_HTTP"] ?? "http://127.0.0.1:4000";

/** The node that the environment names, for the tests of one file. */
export function useShop(): NodeFixture {
  return useNode({}, vitest);
}

/** A joined channel; `using` leaves it. */
export class Room implements Disposable {
  readonly channel: Channel;
  readonly #socket: Socket;

  private constructor(socket: Socket, channel: Channel) {
    this.#socket = socket;
    this.channel = channel;
  }

  static async join(topic: string, headers: Record<string, string> = {}): Promise<Room> {
    class Transport extends WebSocket {
      constructor(url: string) {
        super(url, { headers });
      }
    }
    const socket = new Socket(`${http.replace(/^http/, "ws")}/socket`, { transport: Transport });
    socket.connect();
    const room = new Room(socket, socket.channel(topic));
    await answered(room.channel.join());
    return room;
  }

  push(event: string, payload: object = {}): Promise<unknown> {
    return answered(this.channel.push(event, payload));
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }
}

function answered(push: ReturnType<Channel["push"]>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    push
      .receive("ok", resolve)
      .receive("error", (reason) => reject(new Error(JSON.stringify(reason))))
      .receive("timeout", () => reject(new Error("no answer")));
  });
}
