/** People in rooms: Phoenix's own client over websockets, which pushes numbered messages and accounts for every reply and every shout. */

import { setTimeout as pause } from "node:timers/promises";
import { type Channel, Socket } from "phoenix";
import { expect } from "vitest";
import WebSocket from "ws";
import type { PhoenixTarget } from "../phoenix-target.ts";

const PATIENCE = 60_000;
const TICK = 25;
/** Each so many pushes one is a shout to the whole room. */
const SHOUTS = 8;
/** They never come back by themselves: a close is a loss. */
const NEVER = () => 1_000_000_000;

interface Person {
  readonly name: string;
  readonly socket: Socket;
  readonly channel: Channel;
  sent: number;
  answered: number;
  /** Of each person in the room the last shout that was heard. */
  readonly heard: Map<string, number>;
  shouted: number;
}

/** What they have seen, counted at their end of the wire. */
export interface RoomFigures {
  readonly sent: number;
  readonly answered: number;
  /** Shouts that were heard, and those that had to be: each by everybody in its room. */
  readonly heard: number;
  readonly toHear: number;
  /** Replies and shouts that were not the next one. */
  readonly outOfOrder: number;
  readonly disconnects: number;
  readonly errors: readonly string[];
}

/** All of a test. */
export class Rooms implements Disposable {
  readonly #target: PhoenixTarget;
  readonly #topics: readonly string[];
  readonly #people: Person[] = [];
  readonly #errors: string[] = [];
  #disconnects = 0;
  #outOfOrder = 0;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(target: PhoenixTarget, topics: readonly string[]) {
    this.#target = target;
    this.#topics = topics;
  }

  /** So many people, `ann0`, `ann1`, …, spread over these topics. Nobody else may be there. */
  static async open(
    target: PhoenixTarget,
    people: number,
    ...topics: readonly string[]
  ): Promise<Rooms> {
    const all = new Rooms(target, topics);
    try {
      for (let index = 0; index < people; index++) await all.#enter(`ann${index}`);
    } catch (error) {
      all[Symbol.dispose]();
      throw error;
    }
    return all;
  }

  /** From now on everybody pushes, all the time. */
  talk(): void {
    this.#timer = setInterval(() => {
      for (const person of this.#people) this.#push(person);
    }, TICK);
  }

  /** Nobody pushes any more; resolves when all is answered and heard, or after a long time. */
  async quiet(): Promise<RoomFigures> {
    clearInterval(this.#timer);
    for (let waited = 0; waited < PATIENCE; waited += TICK) {
      const { sent, answered: got, heard, toHear } = this.figures();
      if (sent === got && heard === toHear) break;
      await pause(TICK);
    }
    return this.figures();
  }

  /** Asks everybody's channel the same; what each answers. */
  ask(event: string, payload: object = {}): Promise<unknown[]> {
    return Promise.all(
      this.#people.map(({ channel }) => answered(channel.push(event, payload, PATIENCE), event)),
    );
  }

  /** A heartbeat of everybody's socket; resolves when all are answered. */
  async heartbeat(): Promise<void> {
    await Promise.all(
      this.#people.map(
        ({ socket, name }) =>
          new Promise<void>((resolve, reject) => {
            if (!socket.ping(() => resolve())) reject(new Error(`${name} is not connected`));
          }),
      ),
    );
  }

  figures(): RoomFigures {
    const sum = (count: (person: Person) => number): number =>
      this.#people.reduce((so, person) => so + count(person), 0);
    const inRoom = (index: number): number =>
      this.#people.filter((_, other) => this.#topicOf(other) === this.#topicOf(index)).length;
    return {
      sent: sum(({ sent }) => sent),
      answered: sum((person) => person.answered),
      heard: sum(({ heard }) => [...heard.values()].reduce((so, count) => so + count, 0)),
      toHear: this.#people.reduce((so, { shouted }, at) => so + shouted * inRoom(at), 0),
      outOfOrder: this.#outOfOrder,
      disconnects: this.#disconnects,
      errors: this.#errors,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#leaving = true;
    for (const { socket } of this.#people) socket.disconnect();
  }

  async #enter(name: string): Promise<void> {
    const topic = this.#topicOf(this.#people.length);
    const socket = new Socket(`${this.#target.http.replace(/^http/, "ws")}/socket`, {
      transport: WebSocket,
      params: { name },
      reconnectAfterMs: NEVER,
      rejoinAfterMs: NEVER,
    });
    socket.onClose(() => {
      if (!this.#leaving) this.#disconnects += 1;
    });
    socket.onError(() => this.#wrong(`the socket of ${name} failed`));
    socket.connect();
    const channel = socket.channel(topic);
    channel.onClose(() => this.#wrong(`the channel of ${name} closed`));
    channel.onError(() => this.#wrong(`the channel of ${name} failed`));
    const person = { name, socket, channel, sent: 0, answered: 0, shouted: 0, heard: new Map() };
    channel.on("shout", (payload) => this.#hear(person, payload as Shout));
    this.#people.push(person);
    await answered(channel.join(PATIENCE), `the join of ${topic}`);
  }

  #topicOf(index: number): string {
    return this.#topics[index % this.#topics.length] ?? "";
  }

  #push(person: Person): void {
    const { channel, name } = person;
    person.sent += 1;
    const n = person.sent;
    channel.push("ping", { n }, PATIENCE).receive("ok", (reply) => {
      person.answered += 1;
      if ((reply as { n: number }).n !== person.answered) this.#outOfOrder += 1;
    });
    if (n % SHOUTS !== 0) return;
    person.shouted += 1;
    channel.push("shout", { from: name, n: person.shouted });
  }

  #hear(person: Person, { from, n }: Shout): void {
    const next = (person.heard.get(from) ?? 0) + 1;
    if (n !== next) this.#outOfOrder += 1;
    person.heard.set(from, next);
  }

  #wrong(what: string): void {
    if (!this.#leaving) this.#errors.push(what);
  }
}

interface Shout {
  readonly from: string;
  readonly n: number;
}

/** What was answered. */
export function answered(push: ReturnType<Channel["push"]>, what: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    push
      .receive("ok", resolve)
      .receive("error", (why) => reject(new Error(`${what}: ${JSON.stringify(why)}`)))
      .receive("timeout", () => reject(new Error(`${what} was not answered`)));
  });
}

/** All that was pushed is answered, and all shouts are heard by all, in their order, by those who were there. */
export function complete(figures: RoomFigures): void {
  expect(figures.sent).toBeGreaterThan(0);
  expect(figures).toEqual({
    ...figures,
    answered: figures.sent,
    heard: figures.toHear,
    outOfOrder: 0,
    disconnects: 0,
    errors: [],
  });
}
