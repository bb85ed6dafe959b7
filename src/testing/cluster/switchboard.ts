/** Where the links of a cluster meet: our EPMD, the doors of the nodes, and the rules that links follow. */

import type { BeamError } from "../../errors.ts";
import { type EpmdServer, epmdServe } from "../../node/index.ts";
import { dialWire, type Wire } from "../../transport/index.ts";
import { type FaultEventType, History } from "./history.ts";
import { Link, type LinkHost } from "./link.ts";
import { Members } from "./members.ts";
import type { DistMessage } from "./message.ts";
import { chanceOf } from "./random.ts";
import { type Rule, Rules } from "./rules.ts";
import { Waiters } from "./waiters.ts";

/** How it is set up. */
export interface SwitchboardOptions {
  readonly host: string;
  readonly epmdPort: number;
  readonly inspect: boolean;
  readonly seed: number;
}

/** Puts calls through. */
export class Switchboard implements LinkHost {
  readonly inspect: boolean;
  readonly chance: () => number;
  readonly members: Members;
  readonly rules: Rules = new Rules();
  readonly history: History = new History();
  readonly waiters: Waiters = new Waiters();
  readonly links: Set<Link> = new Set();
  #epmd: EpmdServer | undefined;

  private constructor({ host, inspect, seed }: SwitchboardOptions) {
    this.inspect = inspect;
    this.chance = chanceOf(seed);
    this.members = new Members(host, (wire, callee) => {
      this.links.add(new Link(wire, callee, this));
    });
  }

  /** @throws ListenError */
  static async open(options: SwitchboardOptions): Promise<Switchboard> {
    const board = new Switchboard(options);
    const { host, epmdPort: port } = options;
    board.#epmd = await epmdServe({
      host,
      port,
      portFor: ({ name }) => board.members.portOf(name),
      registering: async ({ name }) => {
        await board.members.open(name);
        board.history.add("registered", [name]);
        setImmediate(() => board.waiters.wake()); // it is in EPMD's list only then
      },
      left: ({ name }) => {
        board.history.add("left", [name]);
        board.waiters.wake();
      },
    });
    return board;
  }

  get epmd(): EpmdServer {
    return this.#epmd as EpmdServer;
  }

  /** Has all links follow the rules of now. */
  apply(): void {
    for (const link of [...this.links]) link.apply();
    this.waiters.wake();
  }

  /** The links between two nodes, by their short names. */
  between(a: string, b: string): Link[] {
    return [...this.links].filter((link) => link.joins(a, b));
  }

  dial(callee: string, address: string | undefined): Promise<Wire> {
    const node = this.epmd.nodes.find(({ name }) => name === callee);
    if (node === undefined) return Promise.reject(new Error("it is not registered any more"));
    return dialWire(address ?? "127.0.0.1", node.port);
  }

  rule(from: string | undefined, to: string | undefined): Rule {
    return this.rules.get(from, to);
  }

  changed(link: Link): void {
    this.members.learn(link.callerName);
    this.members.learn(link.calleeName);
    this.waiters.wake();
  }

  up(link: Link): void {
    this.#tell("up", link, "");
  }

  refused(link: Link, why: string): void {
    this.#tell("refused", link, why);
  }

  over(link: Link, by: string): void {
    this.links.delete(link);
    const { callerName } = link;
    const others = [...this.links].some((other) => other.callerName === callerName);
    if (callerName !== undefined && !others) this.members.forget(callerName);
    this.#tell("closed", link, `by ${by}`);
    this.waiters.wake();
  }

  did(what: "dropped" | "delayed", { fromNode, toNode, op }: DistMessage): void {
    this.history.add(what, [fromNode, toNode], op);
  }

  unread(link: Link, error: BeamError): void {
    this.#tell("error", link, `a message that cannot be read has passed: ${error.message}`);
  }

  async close(): Promise<void> {
    await this.epmd.close();
    for (const link of [...this.links]) link.reset("the end of the cluster");
    await this.members.close();
  }

  #tell(what: FaultEventType, link: Link, detail: string): void {
    const caller = link.callerName ?? "unknown";
    this.history.add(what, [caller, link.calleeName ?? link.callee], detail);
  }
}
