/** Upgrades and downgrades in a row of a shop whose clients never stop: nobody is disconnected, nothing is lost, nothing grows. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SlowRequests } from "../../examples/demo/http.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  evaluate,
  installRelease,
  leftSuspended,
  makePermanent,
  unpackRelease,
} from "../../src/otp/index.ts";
import { upgrade } from "../../src/upgrade/index.ts";
import { Random } from "../fuzz/random.ts";
import { Traffic } from "../support/crowd/traffic.ts";
import type { Otp } from "../support/index.ts";
import { startShop } from "../support/shop/start.ts";
import { type Controller, controller } from "./controller-size.ts";
import { atomsSince, grown, type Sample, sample } from "./growth.ts";
import { type Spread, Waits } from "./waits.ts";

/** What is done. */
export interface UpgradesOptions {
  readonly otp: Otp;
  /** How many websockets, each joined to a channel. */
  readonly clients: number;
  /** How many upgrades and downgrades in all: an even number, more than {@link WARM}. */
  readonly rounds: number;
  /** Gives the moments at which the rounds begin. */
  readonly seed: number;
  /** How often each client pushes, in milliseconds. Default 4000. */
  readonly period?: number;
  readonly say: (text: string) => void;
}

/** What came of it. */
export interface UpgradesFigures {
  readonly clients: number;
  readonly rounds: number;
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly outOfOrder: number;
  readonly doubled: number;
  readonly disconnected: number;
  /** Sockets that are the connections they were at the start. */
  readonly sameSockets: number;
  /** What a client felt: in each round, the longest that a push waited for its reply. */
  readonly pauseMs: Spread;
  /** From the first suspension to the last resume of each round. */
  readonly holdMs: Spread;
  /** How long all pushes waited, held or not. */
  readonly replyMs: Spread;
  readonly http: {
    readonly sent: number;
    readonly failed: number;
    readonly reasons: readonly string[];
  };
  readonly growth: Growth;
  /** Of this process, from the fourth round to the last. */
  readonly controller: Readonly<Record<string, number>>;
  readonly leftSuspended: number;
  /** What should have been and was not: empty when all is well. */
  readonly failed: readonly string[];
}

/** From the fourth round to the last, what does not grow left out; the control installs the same versions by the release handler alone. */
export interface Growth {
  readonly ours: Readonly<Record<string, number>>;
  readonly control: Readonly<Record<string, number>>;
  /** What of ours the control's does not explain: must be empty. */
  readonly beyond: Readonly<Record<string, number>>;
  readonly newAtoms: readonly string[];
  /** In bytes, garbage collected. */
  readonly memory: {
    readonly ours: Readonly<Record<string, number>>;
    readonly control: Readonly<Record<string, number>>;
  };
}

/** The pairs of rounds go two ways in turn: each round on a connection of its own, as the command does; on one that stays, from within the relup. */
const WAYS = ["fresh", "within"] as const;
/** The first rounds of each way load what is loaded once, and make the atoms that are made once. */
const WARM = 2 * WAYS.length;
/** The longest pause between two rounds, in milliseconds. */
const PAUSE = 250;
/** What HTTP requests take, and how many of them run at any time. */
const REQUEST_MS = 200;
const REQUESTS = 4;

/**
 * Runs it, on two shops: with `upgrade()`, then the control.
 * @throws UpgradeError when a round fails
 */
export async function upgrades(options: UpgradesOptions): Promise<UpgradesFigures> {
  const { clients, rounds } = options;
  const state = await mkdtemp(join(tmpdir(), "beamctl-upgrades-"));
  try {
    const holds = new Waits();
    const ours = await storm(options, REQUESTS, async (link, version, round) => {
      const way = WAYS[Math.floor((round - 1) / 2) % WAYS.length];
      const node = way === "fresh" ? await link.connect() : link.node;
      try {
        const options = { stateDirectory: state, inRelup: way === "within" };
        const report = await upgrade(node, version, options);
        holds.add(report.pauseMs);
      } finally {
        if (node !== link.node) await node.close();
      }
    });
    // Without requests: the purge of a bare make_permanent kills those that run old code.
    const control = await storm(options, 0, async ({ node }, version) => {
      await installRelease(node, version, { updatePaths: true });
      await makePermanent(node, version);
    });
    const { sent, answered, outOfOrder, doubled, open, same } = ours.counts;
    const growth = growthOf(ours, control);
    const figures = {
      ...{ clients, rounds, sent, answered, outOfOrder, doubled },
      lost: sent - (answered - doubled),
      disconnected: clients - open,
      sameSockets: same,
      pauseMs: ours.longest.spread,
      holdMs: holds.spread,
      replyMs: ours.waits.spread,
      http: ours.http,
      growth,
      controller: grown(ours.controller.before, ours.controller.after),
      leftSuspended: ours.suspended,
    };
    return { ...figures, failed: failures(figures, ours.counted) };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

interface Link {
  readonly node: BeamNode;
  connect(): Promise<BeamNode>;
}

type Round = (link: Link, version: string, round: number) => Promise<void>;

type Storm = Awaited<ReturnType<typeof storm>>;

async function storm(options: UpgradesOptions, inFlight: number, change: Round) {
  const { otp, clients, rounds, period = 4_000, say } = options;
  const random = new Random(options.seed);
  await using shop = await startShop({ otp });
  const address = { host: "127.0.0.1", port: shop.distPort };
  const open = () => connect(shop.name, { cookie: shop.cookie, address });
  await using node = await open();
  await unpackRelease(node, "shop-0.2.0");
  await using traffic = await Traffic.open(shop.httpPort, clients, period);
  const samples: Sample[] = [];
  const controllers: Controller[] = [];
  const longest = new Waits();
  const waits = new Waits();
  const http = { sent: 0, failed: 0, reasons: new Set<string>() };
  for (let round = 1; round <= rounds; round++) {
    const requests = inFlight > 0 && new SlowRequests(shop.httpPort, inFlight, REQUEST_MS);
    await pause(random.below(PAUSE));
    await change({ node, connect: open }, round % 2 === 1 ? "0.2.0" : "0.1.0", round);
    await pause(random.below(PAUSE));
    if (requests) {
      await requests.stop();
      const { sent, failed, reasons } = requests.figures();
      http.sent += sent;
      http.failed += failed;
      for (const reason of reasons) http.reasons.add(`round ${round}: ${reason}`);
    }
    const now = await traffic.counts();
    const wait = now.waits.reduce((most, one) => Math.max(most, one), 0);
    longest.add(wait);
    for (const one of now.waits) waits.add(one);
    const found = await sample(node, shop);
    const last = samples.at(-1)?.counts ?? found.counts;
    samples.push(found);
    controllers.push(await controller());
    const more = JSON.stringify(grown(last, found.counts));
    say(`round ${round}: ${now.open} open, longest wait ${Math.round(wait)} ms, grown ${more}`);
  }
  const counts = await traffic.stop();
  for (const one of counts.waits) waits.add(one);
  const before = samples[WARM - 1] as Sample;
  const after = samples.at(-1) as Sample;
  return {
    counts,
    longest,
    waits,
    http: { ...http, reasons: [...http.reasons] },
    counted: Number(await evaluate(node, "'Elixir.Shop.Counter':value()", { language: "erlang" })),
    grown: grown(before.counts, after.counts),
    memory: grown(before.memory, after.memory),
    newAtoms: await atomsSince(node, before, after),
    controller: {
      before: controllers[WARM - 1] as Controller,
      after: controllers.at(-1) as Controller,
    },
    suspended: (await leftSuspended(node)).length,
  };
}

function growthOf(ours: Storm, control: Storm): Growth {
  const beyond = Object.entries(ours.grown)
    .map(([key, count]) => [key, count - Math.max(0, control.grown[key] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return {
    ours: ours.grown,
    control: control.grown,
    beyond: Object.fromEntries(beyond),
    newAtoms: ours.newAtoms,
    memory: { ours: ours.memory, control: control.memory },
  };
}

function failures(figures: Omit<UpgradesFigures, "failed">, counted: number): string[] {
  const { clients, sent, answered, http, growth, controller: own } = figures;
  const expectations: [boolean, string][] = [
    [sent > 0 && http.sent > 0, "there was traffic"],
    [figures.lost === 0, "every message was answered"],
    [figures.doubled === 0, "no message was answered twice"],
    [figures.outOfOrder === 0, "every reply came in order"],
    [counted === answered, "the counter counted every message once"],
    [figures.disconnected === 0, "no socket was closed"],
    [figures.sameSockets === clients, "every socket is the connection that it was"],
    [
      http.failed === 0,
      `every HTTP request was answered (${http.failed} were not: ${http.reasons.join("; ")})`,
    ],
    [figures.leftSuspended === 0, "nothing is left suspended"],
    ...Object.keys(growth.beyond).map((key): [boolean, string] => [
      false,
      `no more ${key} on the node`,
    ]),
    [(own["handles"] ?? 0) <= 0 && (own["files"] ?? 0) <= 0, "this process holds no more handles"],
  ];
  return expectations.filter(([holds]) => !holds).map(([, what]) => what);
}
