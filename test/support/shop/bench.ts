/** A shop with five clients, on which instructions are tried one by one. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Clients } from "../../../examples/demo/clients.ts";
import type { Guardian } from "../../../src/guard/index.ts";
import {
  DEFAULT_CONFIG,
  type InstructionConfig,
  type RunnableInstruction,
} from "../../../src/instructions/index.ts";
import { connect } from "../../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../../src/otp/index.ts";
import type { Pid, Term } from "../../../src/term/index.ts";
import { listeners } from "../../../src/topology/index.ts";
import { type RunInstructionOptions, runInstruction } from "../../../src/upgrade/index.ts";
import { provision } from "../index.ts";
import { startShop } from "./start.ts";

type Options = Partial<InstructionConfig> & Partial<RunInstructionOptions>;

/** What {@link openBench} gives. */
export type Bench = Awaited<ReturnType<typeof openBench>>;

/** Starts it, and a link to it. */
export async function openBench() {
  const state = await mkdtemp(join(tmpdir(), "beamctl-instructions-"));
  const shop = await startShop({ otp: await provision("otp27") });
  const node = await connect(shop.name, {
    cookie: shop.cookie,
    address: { host: "127.0.0.1", port: shop.distPort },
  });
  const clients = await Clients.connect(shop.httpPort, 5);
  const erlang = (source: string): Promise<Term> => evaluate(node, source, { language: "erlang" });
  return {
    state,
    shop,
    node,
    clients,
    erlang,

    /** The context of a function that only looks, which keeps what is logged. */
    looking() {
      const lines: string[] = [];
      const log = (level: string, line: string) => void lines.push(`${level}: ${line}`);
      return { instruction: "Test", node, lines, log, guardian: undefined as Guardian | undefined };
    },

    /** Runs an instruction after what it needs, and keeps its lines. */
    async run<Args extends Term>(
      instruction: Pick<RunnableInstruction<Args>, keyof RunnableInstruction<Args>>,
      options: Options = {},
    ) {
      const lines: string[] = [];
      const { changedModules, argument, hold, signal, ...config } = options;
      const done = await runInstruction(node, instruction, {
        config: { application: "shop", ...DEFAULT_CONFIG, ...config },
        stateDirectory: state,
        ...(changedModules === undefined ? {} : { changedModules }),
        ...(argument === undefined ? {} : { argument }),
        ...(hold === undefined ? {} : { hold }),
        ...(signal === undefined ? {} : { signal }),
        log: (level, line) => lines.push(`${level}: ${line}`),
        print: (line) => lines.push(line),
      });
      return { ...done, lines };
    },

    /** A process that takes no system messages. */
    plain: async (): Promise<Pid> =>
      (await erlang("spawn(fun() -> receive stop -> ok end end)")) as Pid,

    /** A server that does nothing. */
    agent: async (): Promise<Pid> =>
      (await erlang(
        "element(2, gen_server:start('Elixir.Agent.Server', fun() -> 0 end, []))",
      )) as Pid,

    /** Nothing stands still, and the listener runs. */
    async clean(): Promise<void> {
      expect(await leftSuspended(node)).toEqual([]);
      expect(await listeners(node)).toMatchObject([{ status: "running" }]);
    },

    get: (path: string) =>
      fetch(`http://127.0.0.1:${shop.httpPort}${path}`, { headers: { connection: "close" } }),

    async [Symbol.asyncDispose]() {
      clients.close();
      await node.close();
      await shop[Symbol.asyncDispose]();
      await rm(state, { recursive: true, force: true });
    },
  };
}
