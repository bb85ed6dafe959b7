/** A TCP proxy that does to a link what networks do: it goes silent, in one direction or both, is cut, or is closed by half. */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Which way bytes go no more. */
export type Direction = "both" | "to node" | "from node";

interface Pair {
  readonly client: Socket;
  readonly node: Socket;
}

/** A proxy in front of a node's port on the loopback. Nothing that it holds back is ever delivered. */
export class FaultProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Pair[] = [];

  private constructor(server: Server, to: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => {
      const node = connect({ port: to, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
      client.setNoDelay(true);
      for (const socket of [client, node]) socket.on("error", () => undefined);
      client.pipe(node);
      node.pipe(client);
      this.#pairs.push({ client, node });
    });
  }

  /** Listens on a port of its own; connections go on to the port `to`. */
  static async start(to: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultProxy(server, to);
  }

  /** Half-open: nothing passes any more and nobody is told. The kernels at both ends still acknowledge what is sent. */
  stall(direction: Direction = "both"): void {
    for (const { client, node } of this.#pairs) {
      if (direction !== "from node") {
        client.unpipe(node);
        client.pause();
      }
      if (direction !== "to node") {
        node.unpipe(client);
        node.pause();
      }
    }
  }

  /** Resets the connections. */
  cut(): void {
    for (const { client, node } of this.#pairs) {
      client.resetAndDestroy();
      node.resetAndDestroy();
    }
  }

  /** Ends the direction to the node, as one who has no more to say; the other goes on. */
  halfClose(): void {
    for (const { client, node } of this.#pairs) {
      client.unpipe(node);
      client.pause();
      node.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, node } of this.#pairs) {
      client.destroy();
      node.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }
}
