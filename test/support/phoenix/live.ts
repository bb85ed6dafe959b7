/** A LiveView as a browser opens it: its page is fetched, and mounted over a websocket with what the page says. */

import { Socket } from "phoenix";
import WebSocket from "ws";
import type { PhoenixTarget } from "../phoenix-target.ts";
import { request } from "./requests.ts";
import { answered } from "./rooms.ts";

const PATIENCE = 60_000;
const NEVER = () => 1_000_000_000;

/** The view of `/live`, open in one browser. */
export class Live implements Disposable {
  readonly #socket: Socket;
  readonly #inc: () => Promise<unknown>;
  /** What happened to it that should not. */
  readonly errors: readonly string[];
  /** All that it was sent to show, the last at the end. */
  readonly shown: string[];

  private constructor(
    socket: Socket,
    inc: () => Promise<unknown>,
    errors: string[],
    first: string,
  ) {
    this.#socket = socket;
    this.#inc = inc;
    this.errors = errors;
    this.shown = [first];
  }

  static async open(target: PhoenixTarget): Promise<Live> {
    const { body, headers } = await request(target, "/live");
    const of = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(body)?.[1] ?? "";
    const cookie = (headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ");
    const params = { _csrf_token: of('name="csrf-token" content'), _mounts: 0 };
    const socket = new Socket(`${target.http.replace(/^http/, "ws")}/live`, {
      // The session is in a cookie, which the client itself cannot set here.
      transport: class extends WebSocket {
        constructor(url: string) {
          super(url, { headers: { cookie } });
        }
      },
      params,
      reconnectAfterMs: NEVER,
      rejoinAfterMs: NEVER,
    });
    const errors: string[] = [];
    const url = `${target.http}/live`;
    const session = { session: of("data-phx-session"), static: of("data-phx-static") };
    const channel = socket.channel(`lv:${of(" id")}`, { url, params, ...session });
    socket.onClose(() => errors.push("its socket closed"));
    channel.onError(() => errors.push("it failed"));
    channel.onClose(() => errors.push("it closed"));
    socket.connect();
    const joined = await answered(channel.join(PATIENCE), "the mount");
    const click = { type: "click", event: "inc", value: {} };
    const inc = () => answered(channel.push("event", click, PATIENCE), "a click");
    return new Live(socket, inc, errors, JSON.stringify(joined));
  }

  /** A click on its button; what changes on the page, as the server sends it. */
  async click(): Promise<string> {
    const { diff } = (await this.#inc()) as { readonly diff?: unknown };
    const text = JSON.stringify(diff);
    this.shown.push(text);
    return text;
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }
}
