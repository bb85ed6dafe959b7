/** Hands out TCP ports that no other test of this machine gets, in whichever process or under whichever user it runs. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

// Below 32768, where Linux begins to take the ports of outgoing connections from.
const LOWEST = 15_000;
const HIGHEST = 32_000;

const held: Socket[] = [];

/**
 * A free TCP port. A UDP socket on the same number stays open as long as this process lives and so reserves it: the
 * kernel gives a number once, and takes it back when we die.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const reserved = await reserve(port);
    if (reserved === undefined) continue;
    if (await isFree(port)) {
      held.push(reserved);
      return port;
    }
    reserved.close();
  }
}

async function reserve(port: number): Promise<Socket | undefined> {
  const socket = createSocket("udp4");
  socket.unref();
  socket.bind({ port, address: "127.0.0.1", exclusive: true });
  try {
    await once(socket, "listening");
    return socket;
  } catch (error) {
    socket.close();
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE" || code === "EACCES") return undefined;
    throw error; // no other port would do better
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, exclusive: true });
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
