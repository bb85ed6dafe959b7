/** Websocket clients that push numbered messages the whole time and account for every reply. They never reconnect: a close is a loss. */

import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws";

/** How many messages each client pushes a second. */
export const PUSHES_PER_SECOND = 20;

const TICK_MS = 10;

/** What the clients have seen, all of it counted at their end of the wire. */
export interface ClientFigures {
  /** Sockets that are open, and of these the connections that were there at the start. */
  readonly open: number;
  readonly same: number;
  readonly sent: number;
  readonly answered: number;
  /** Replies whose number, or whose place in the channel's own count, was not the next one. */
  readonly outOfOrder: number;
  /** Of these, replies whose number had come before. */
  readonly doubled: number;
  /** The versions of the code that sent each socket's last reply. */
  readonly versions: readonly string[];
}

interface Client {
  readonly topic: string;
  readonly socket: WebSocket;
  readonly localPort: number;
  sent: number;
  answered: number;
  outOfOrder: number;
  doubled: number;
  expected: number;
  version: string;
  nextPush: number;
  lastReply: number;
  longestGap: number;
  /** When each push was sent that is not answered yet. */
  readonly owed: Map<number, number>;
}

type Frame = readonly [
  joinRef: string,
  ref: string,
  topic: string,
  event: string,
  payload: {
    readonly status: string;
    readonly response: { readonly n: number; readonly seq: number; readonly version: string };
  },
];

/** All clients of a run. */
export class Clients {
  readonly #clients: readonly Client[];
  readonly #period: number;
  #timer: NodeJS.Timeout | undefined;
  #waits: number[] = [];

  private constructor(clients: readonly Client[], period: number) {
    this.#clients = clients;
    this.#period = period;
  }

  /** Connects `count` clients; each joins a room of its own, and pushes each `period` milliseconds, by default 20 times a second. */
  static async connect(
    port: number,
    count: number,
    period = 1000 / PUSHES_PER_SECOND,
  ): Promise<Clients> {
    const clients: Client[] = [];
    const many = 50; // at a time, so that the listener's backlog is never the limit
    for (let from = 0; from < count; from += many) {
      const ids = Array.from({ length: Math.min(many, count - from) }, (_, i) => from + i);
      clients.push(...(await Promise.all(ids.map((id) => join(port, id)))));
    }
    return new Clients(clients, period);
  }

  /** Begins to push. */
  start(): void {
    const now = performance.now();
    for (const [index, client] of this.#clients.entries()) {
      client.nextPush = now + (this.#period * index) / this.#clients.length; // spread over the period
      client.lastReply = client.nextPush;
      client.socket.on("message", (data: Buffer) => {
        const wait = receive(client, data);
        if (wait !== undefined) this.#waits.push(wait);
      });
    }
    this.#timer = setInterval(() => this.#push(), TICK_MS);
  }

  /** Stops to push, and waits for the replies that are still to come, for 10 seconds at most. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const deadline = performance.now() + 10_000;
    while (this.#clients.some(isOwed) && performance.now() < deadline) await pause(20);
  }

  /** Ends all connections. */
  close(): void {
    clearInterval(this.#timer);
    for (const { socket } of this.#clients) socket.terminate();
  }

  /** The longest that any client has waited between two replies since the last call, in milliseconds. */
  takeLongestGap(): number {
    const now = performance.now();
    let longest = 0;
    for (const client of this.#clients) {
      const running = isOwed(client) ? now - client.lastReply : 0;
      longest = Math.max(longest, client.longestGap, running);
      client.longestGap = 0;
    }
    return Math.round(longest);
  }

  /** How long each push waited for its reply that was answered since the last call, in milliseconds. */
  takeWaits(): number[] {
    return this.#waits.splice(0);
  }

  figures(): ClientFigures {
    const total = (count: (client: Client) => number): number =>
      this.#clients.reduce((sum, client) => sum + count(client), 0);
    const open = this.#clients.filter(isOpen);
    return {
      open: open.length,
      same: open.filter((client) => portOf(client.socket) === client.localPort).length,
      sent: total((client) => client.sent),
      answered: total((client) => client.answered),
      outOfOrder: total((client) => client.outOfOrder),
      doubled: total((client) => client.doubled),
      versions: [...new Set(this.#clients.map((client) => client.version))].sort(),
    };
  }

  #push(): void {
    const now = performance.now();
    for (const client of this.#clients) {
      if (now < client.nextPush || !isOpen(client)) continue;
      client.sent += 1;
      client.nextPush = Math.max(client.nextPush + this.#period, now);
      client.owed.set(client.sent, now);
      client.socket.send(
        `["1","${client.sent + 1}","${client.topic}","push",{"n":${client.sent}}]`,
      );
    }
  }
}

async function join(port: number, id: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`);
  socket.on("error", () => {}); // a close follows, and that is counted
  await once(socket, "open");
  const topic = `room:${id}`;
  socket.send(`["1","1","${topic}","phx_join",{}]`);
  const [data] = (await once(socket, "message")) as [Buffer];
  const [, , , , { status, response }] = JSON.parse(data.toString()) as Frame;
  if (status !== "ok") throw new Error(`the join of ${topic} was answered ${data.toString()}`);
  return {
    topic,
    socket,
    localPort: portOf(socket),
    sent: 0,
    answered: 0,
    outOfOrder: 0,
    doubled: 0,
    expected: 1,
    version: response.version,
    nextPush: 0,
    lastReply: 0,
    longestGap: 0,
    owed: new Map(),
  };
}

/** Counts a reply; gives how long its push has waited. */
function receive(client: Client, data: Buffer): number | undefined {
  const [, ref, , event, { status, response }] = JSON.parse(data.toString()) as Frame;
  const now = performance.now();
  client.longestGap = Math.max(client.longestGap, now - client.lastReply);
  client.lastReply = now;
  if (event !== "phx_reply" || status !== "ok") {
    client.outOfOrder += 1; // a channel that crashed says phx_error
    return undefined;
  }
  const { n, seq, version } = response;
  client.answered += 1;
  if (n !== client.expected || seq !== n || ref !== String(n + 1)) client.outOfOrder += 1;
  if (n < client.expected) client.doubled += 1;
  client.expected = Math.max(client.expected, n + 1);
  client.version = version;
  const sentAt = client.owed.get(n);
  client.owed.delete(n);
  return sentAt === undefined ? undefined : now - sentAt;
}

function isOpen({ socket }: Client): boolean {
  return socket.readyState === WebSocket.OPEN;
}

function isOwed(client: Client): boolean {
  return isOpen(client) && client.answered < client.sent;
}

/** The port of our end: another one would be another connection. */
function portOf(socket: WebSocket): number {
  const { _socket: tcp } = socket as unknown as { readonly _socket: Socket };
  return tcp.localPort ?? 0;
}
