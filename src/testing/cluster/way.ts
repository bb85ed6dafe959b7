/** One direction of a link, from the handshake to the messages. */

import type { BeamError } from "../../errors.ts";
import type { Wire } from "../../transport/index.ts";
import { type Greeting, GreetingReader } from "./greeting.ts";
import { Lane } from "./lane.ts";
import { type DistMessage, MessageReader } from "./message.ts";
import { MessageFilter } from "./message-filter.ts";
import type { Rule } from "./rules.ts";

/** Whom a direction tells. */
export interface WayHost {
  readonly inspect: boolean;
  chance(): number;
  /** A message of the handshake, before it is passed on. */
  learned(greeting: Greeting): void;
  /** It is no distribution that can be followed, as one over TLS: the bytes pass. */
  foreign(): void;
  /** The full names of sender and receiver. */
  names(): readonly [string, string];
  did(what: "dropped" | "delayed", message: DistMessage): void;
  unread(error: BeamError): void;
}

/** What one end says to the other end. */
export class Way {
  readonly wire: Wire;
  readonly lane: Lane;
  /** How its sender closed. */
  closed: "end" | "reset" | undefined;
  readonly #host: WayHost;
  #greeting: GreetingReader | undefined;
  #filter: MessageFilter | undefined;
  #rule: Rule = { faults: [] };

  constructor(wire: Wire, caller: boolean, host: WayHost) {
    this.wire = wire;
    this.#host = host;
    this.#greeting = new GreetingReader(caller, host.inspect);
    this.lane = new Lane(wire, () => host.chance());
  }

  set rule(rule: Rule) {
    const healed = this.#rule.faults.length > 0 && rule.faults.length === 0;
    this.#rule = rule;
    if (healed) this.#filter?.release();
    this.lane.shape(rule);
    this.lane.silent = rule.parted === "silent";
  }

  data(chunk: Buffer): void {
    if (this.#greeting === undefined) this.#pass(chunk);
    else this.#greet(this.#greeting, chunk);
  }

  stop(): void {
    this.#filter?.stop();
    this.lane.stop();
  }

  #greet(reader: GreetingReader, chunk: Buffer): void {
    const rest = reader.push(chunk, (greeting, bytes) => {
      this.#host.learned(greeting);
      this.lane.push([bytes]);
    });
    if (rest === "more") return;
    this.#greeting = undefined;
    if (rest === undefined) {
      this.#host.foreign();
      this.lane.push([reader.rest]);
      return;
    }
    if (this.#host.inspect) this.#filter = this.#messages();
    if (rest.length > 0) this.#pass(rest);
  }

  #pass(chunk: Buffer): void {
    if (this.#filter === undefined) this.lane.push([chunk]);
    else if (!this.#filter.push(chunk)) this.lane.close("reset");
  }

  #messages(): MessageFilter {
    return new MessageFilter(new MessageReader(...this.#host.names()), {
      pass: (chunks) => this.lane.push(chunks),
      faults: () => this.#rule.faults,
      did: (what, message) => this.#host.did(what, message),
      unread: (error) => this.#host.unread(error),
    });
  }
}
