/** One process of a crowd: opens connections when its parent says so, and answers how many it holds of each kind. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { CrowdCounts, CrowdKind, CrowdOrder } from "./crowd.ts";
import { serve } from "./members.ts";

const AT_ONCE = 100;
const PING_EVERY = 15_000;
const PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

const held = new Map<Socket, string>();

serve(async (order: CrowdOrder): Promise<CrowdCounts> => {
  await obey(order);
  return counts();
});

// A websocket that says nothing for a minute is closed.
setInterval(() => {
  for (const [socket, label] of held) if (/ (channel|bare)$/.test(label)) socket.write(PING);
}, PING_EVERY).unref();

async function obey({ open }: CrowdOrder): Promise<void> {
  if (open === undefined) return;
  const { kind, port, count, from } = open;
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one(kind, port, from, `r${left}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function one(kind: CrowdKind, port: number, from: string, room: string): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  const label = `${port} ${kind}`;
  let ended: Error | undefined;
  socket.on("error", (error) => {
    ended = error;
  });
  socket.once("close", () => held.delete(socket));
  await once(socket, "connect");
  socket.write(request(kind, port));
  if (kind !== "busy") await heard(socket, kind === "idle" ? "\r\n\r\nok" : "\r\n\r\n");
  if (kind === "channel") {
    socket.write(frame(JSON.stringify(["1", "1", `room:${from}:${room}`, "phx_join", {}])));
    await heard(socket, '"status":"ok"');
  }
  if (ended !== undefined || socket.destroyed) throw ended ?? new Error(`${label} was closed`);
  held.set(socket, label);
  socket.resume();
}

function request(kind: CrowdKind, port: number): string {
  const host = `Host: 127.0.0.1:${port}\r\n`;
  if (kind === "idle") return `GET /health HTTP/1.1\r\n${host}\r\n`;
  if (kind === "busy") return `GET /slow?ms=3600000 HTTP/1.1\r\n${host}\r\n`;
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";
  return `GET /socket/websocket HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\n`;
}

/** A text frame of less than 126 bytes, masked by zeros. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}

function heard(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = "";
    const take = (chunk: Buffer): void => {
      all += chunk.toString("latin1");
      if (!all.includes(text)) return;
      socket.off("data", take);
      resolve();
    };
    socket.on("data", take);
    socket.once("close", () =>
      reject(new Error(`closed instead of ${JSON.stringify(text)}: ${all}`)),
    );
  });
}

function counts(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const label of held.values()) found[label] = (found[label] ?? 0) + 1;
  return found;
}
