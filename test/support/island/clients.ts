/** The clients of the island, and how what is seen of them is compared. */

import { once } from "node:events";
import { type Agent, get } from "node:http";
import { connect as dial, type Socket } from "node:net";
import WebSocket from "ws";
import { type BeamNode, connect } from "../../../src/node/index.ts";
import { evaluate } from "../../../src/otp/index.ts";
import { atom, type Term } from "../../../src/term/index.ts";
import type { Connection } from "../../../src/topology/index.ts";
import type { IslandNode } from "./start.ts";

/** A link to it. */
export function link({ node }: IslandNode): Promise<BeamNode> {
  return connect(node.name, {
    cookie: node.cookie,
    address: { host: "127.0.0.1", port: node.port },
  });
}

/** What is told of a connection, as one line. */
export function words({ kind, evidence, requests, channels: its }: Connection): string {
  const topics = its.map(({ topic }) => topic ?? "").sort();
  return `${kind}: ${evidence}; ${requests.length} requests; ${topics.join(" ")}`;
}

/** A websocket that has joined these topics. */
export async function joined(
  { httpPort }: IslandNode,
  ...topics: string[]
): Promise<WebSocket & AsyncDisposable> {
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/socket/websocket`);
  socket.on("error", () => {}); // some tests end its process
  await once(socket, "open");
  for (const topic of topics) {
    const reply = once(socket, "message");
    socket.send(JSON.stringify(["1", "1", topic, "phx_join", {}]));
    await reply;
  }
  return Object.assign(socket, { [Symbol.asyncDispose]: () => leave(socket) });
}

/** Closes it, if it is not closed. */
export async function leave(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
}

/** Asks again until it is so; the test's own time limit ends it. */
export async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Has a tracer on the node count the requests that these processes get; packets and timers of their own may come. */
export async function trace(
  node: BeamNode,
  of: readonly Connection[],
): Promise<() => Promise<Term>> {
  const erlang = (text: string) => evaluate(node, text, { language: "erlang" });
  await erlang(
    `spawn(fun() -> register(noted, self()),
       (fun Loop(N) -> receive {get, To, Ref} -> To ! {Ref, N}, Loop(N);
         {trace, _, 'receive', M} when element(1, M) =:= system; element(1, M) =:= '$gen_call' -> Loop(N + 1);
         _ -> Loop(N) end end)(0) end)`,
  );
  await erlang("(fun Wait() -> case whereis(noted) of undefined -> Wait(); _ -> ok end end)()");
  const flags = await erlang("[{tracer, whereis(noted)}, 'receive']");
  for (const { pid } of of) await node.call("erlang", "trace", [pid, atom("true"), flags]);
  return () => erlang("R = make_ref(), noted ! {get, self(), R}, receive {R, N} -> N end");
}

/** A connection that has sent nothing yet. */
export async function plain(port: number): Promise<Socket> {
  const socket = dial(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Resolves to the status of the answer to `GET path`. Default without keep-alive. */
export function request(port: number, path: string, agent: Agent | false = false): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    }).on("error", reject);
  });
}
