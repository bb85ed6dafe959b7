/** One connection between two nodes, which goes through us. */

import { encodeStatus } from "../../dist/handshake/status.ts";
import type { BeamError } from "../../errors.ts";
import { after, type Wire } from "../../transport/index.ts";
import type { Greeting } from "./greeting.ts";
import type { DistMessage } from "./message.ts";
import type { PartitionKind, Rule } from "./rules.ts";
import { Way } from "./way.ts";

/** Whom a link asks and tells. */
export interface LinkHost {
  readonly inspect: boolean;
  chance(): number;
  /** Connects to the node that is called, at the address at which we were called. */
  dial(callee: string, address: string | undefined): Promise<Wire>;
  /** What is to happen from one to the other, by short names. */
  rule(from: string | undefined, to: string | undefined): Rule;
  /** Its state or the names of its ends are others now. */
  changed(link: Link): void;
  up(link: Link): void;
  refused(link: Link, why: string): void;
  over(link: Link, by: string): void;
  did(what: "dropped" | "delayed", message: DistMessage): void;
  unread(link: Link, error: BeamError): void;
}

/** Milliseconds that nodes have to close what we have ended. */
const LINGER = 1_000;

/** From the first byte of a call to the end of the link. */
export class Link {
  /** The short name of the node that was called, and its full one once it has said it. */
  readonly callee: string;
  calleeName: string | undefined;
  /** The caller's full name: `undefined` until it is known, and for ever over TLS. */
  callerName: string | undefined;
  state: "calling" | "up" | "over" = "calling";
  readonly #host: LinkHost;
  readonly #out: Way;
  #back: Way | undefined;
  #dialing = false;
  /** Whether the caller has said enough to be put through. */
  #known = false;
  #halfClosed = false;
  /** Who closed it first. */
  #closedBy: string | undefined;

  constructor(caller: Wire, callee: string, host: LinkHost) {
    this.callee = callee;
    this.#host = host;
    this.#out = this.#way(caller, true);
    this.#start(this.#out, () => this.#back);
  }

  get caller(): string | undefined {
    return this.callerName?.split("@")[0];
  }

  /** Up, and neither side has closed it. */
  get whole(): boolean {
    const closed = this.#out.closed ?? this.#back?.closed;
    return this.state === "up" && closed === undefined && !this.#halfClosed;
  }

  get silent(): boolean {
    return this.#out.lane.silent || this.#back?.lane.silent === true;
  }

  joins(a: string, b: string): boolean {
    return (this.caller === a && this.callee === b) || (this.caller === b && this.callee === a);
  }

  /** Has the rules of now apply. */
  apply(): void {
    if (this.state === "over") return;
    const out = this.#host.rule(this.caller, this.callee);
    const back = this.#host.rule(this.callee, this.caller);
    const parted = [out.parted, back.parted].find((kind) => kind === "reset" || kind === "refuse");
    if (parted !== undefined) {
      this.#part(parted);
      return;
    }
    this.#out.rule = out;
    if (this.#back !== undefined) this.#back.rule = back;
    if (this.#known && out.parted === undefined) void this.#dial();
  }

  /** What `from` says ends here; what the other one says goes on. */
  halfClose(from: string | undefined): void {
    if (this.state !== "up" || this.#back === undefined) return;
    const [way, other] = from === this.caller ? [this.#out, this.#back] : [this.#back, this.#out];
    this.#halfClosed = true;
    way.stop();
    other.wire.end();
    this.#host.changed(this);
  }

  /** Ends it at once. */
  reset(by: string): void {
    if (this.state === "over") return;
    this.#out.wire.reset();
    this.#back?.wire.reset();
    this.#over(by);
  }

  #part(kind: PartitionKind): void {
    if (this.state === "calling") {
      this.#host.refused(this, kind);
      if (kind === "refuse" && this.#back === undefined) {
        const status = encodeStatus({ type: "not_allowed" });
        this.#out.wire.write([Uint8Array.of(0, status.length), status]);
      }
    }
    if (kind === "reset") {
      this.reset("the partition");
      return;
    }
    const wires = [this.#out.wire, this.#back?.wire];
    for (const wire of wires) wire?.end();
    this.#over("the partition", LINGER);
  }

  #way(wire: Wire, caller: boolean): Way {
    return new Way(wire, caller, {
      inspect: this.#host.inspect,
      chance: () => this.#host.chance(),
      learned: (greeting) => this.#learned(greeting, caller),
      foreign: () => {
        if (this.state === "calling") {
          this.state = "up"; // as far as can be told
          this.#host.up(this);
        }
        this.#known = true;
        this.#host.changed(this);
        this.apply();
      },
      names: () => {
        const names = [this.callerName ?? "?", this.calleeName ?? this.callee] as const;
        return caller ? names : [names[1], names[0]];
      },
      did: (what, message) => this.#host.did(what, message),
      unread: (error) => this.#host.unread(this, error),
    });
  }

  #learned(greeting: Greeting, caller: boolean): void {
    switch (greeting.type) {
      case "caller":
        this.callerName = greeting.name;
        this.#known = true;
        break;
      case "named":
        this.callerName = greeting.name;
        break;
      case "callee":
        this.calleeName = greeting.name;
        break;
      case "last":
        if (caller) return;
        this.state = "up";
        this.#host.up(this);
        break;
      case "other":
        return;
    }
    this.#host.changed(this);
    this.apply();
  }

  async #dial(): Promise<void> {
    if (this.#dialing) return;
    this.#dialing = true;
    let wire: Wire;
    try {
      wire = await this.#host.dial(this.callee, this.#out.wire.localAddress);
    } catch (error) {
      if (this.state === "over") return;
      this.#host.refused(this, error instanceof Error ? error.message : String(error));
      this.reset(this.callee);
      return;
    }
    if (this.state === "over") {
      wire.destroy();
      return;
    }
    const back = this.#way(wire, false);
    this.#back = back;
    this.#start(back, () => this.#out);
    this.#out.lane.attach(wire);
    back.lane.attach(this.#out.wire);
    this.apply();
  }

  #start(way: Way, other: () => Way | undefined): void {
    way.wire.start({
      data: (chunk) => {
        if (this.state !== "over") way.data(chunk);
      },
      drain: () => other()?.lane.congested(false),
      ended: () => this.#closed(way, other(), "end"),
      closed: (reset) => this.#closed(way, other(), reset ? "reset" : "end"),
    });
  }

  #closed(way: Way, other: Way | undefined, how: "end" | "reset"): void {
    if (way.closed !== undefined || this.state === "over") return;
    way.closed = how;
    const by = way === this.#out ? this.callerName : (this.calleeName ?? this.callee);
    this.#closedBy ??= by ?? "the caller";
    if (other === undefined || other.closed !== undefined) {
      this.#over(this.#closedBy);
      return;
    }
    way.lane.close(how);
    this.#host.changed(this);
  }

  #over(by: string, linger = 0): void {
    this.state = "over";
    for (const way of [this.#out, this.#back]) {
      way?.stop();
      if (linger === 0) way?.wire.destroy();
      else after(linger, () => way?.wire.destroy()).unref();
    }
    this.#host.over(this, by);
  }
}
