/** Starts a private EPMD on a port of its own, on the loopback alone. */

import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Child } from "../../../src/testing/launch/child.ts";
import { makeHome } from "../../../src/testing/launch/home.ts";
import { freePort } from "../../../src/testing/launch/port.ts";
import type { Otp } from "../beam/provision.ts";

/** A running EPMD. */
export interface EpmdProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  output(): string;
  kill(signal?: NodeJS.Signals): void;
}

/** Starts EPMD and waits until it answers. */
export async function startEpmd(otp: Otp, port?: number): Promise<EpmdProcess> {
  const own = port ?? (await freePort());
  const home = await makeHome("unused");
  const child = new Child({
    command: otp.bin("epmd"),
    args: ["-port", String(own), "-address", "127.0.0.1"],
    env: { ...process.env, ...otp.env, HOME: home },
    home,
  });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  while (!(await answers(own))) {
    if (ended) throw new Error(`epmd ended at once: ${child.output()}`);
    await pause(10);
  }
  return {
    port: own,
    pid: child.pid,
    output: () => child.output(),
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Whether something listens on the loopback port. */
export async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
