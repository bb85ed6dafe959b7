/** Real nodes in a fault cluster, each driven over a link of our own that goes round the cluster. */

import { type BeamNode, type ConnectOptions, connect } from "../../../src/node/index.ts";
import { evaluate } from "../../../src/otp/index.ts";
import { inspect } from "../../../src/term/index.ts";
import type { FaultCluster } from "../../../src/testing/index.ts";
import {
  type BeamProcess,
  makeCookie,
  type OtpSet,
  provision,
  startErl,
} from "../../support/index.ts";

/** A node of a cluster. */
export interface Member extends AsyncDisposable {
  /** Its short name, unique on this machine. */
  readonly name: string;
  readonly full: string;
  readonly process: BeamProcess;
  readonly beam: BeamNode;
  /** Evaluates Erlang; the answer as Erlang text. */
  run(text: string, options?: { readonly timeout?: number }): Promise<string>;
}

let count = 0;

/** Starts a node for each release, named `a`, `b`, `c`, ... with a suffix, all with one cookie. */
export async function startMembers(
  cluster: Pick<FaultCluster, "env" | "epmdPort">,
  sets: readonly OtpSet[],
  options: {
    readonly args?: readonly string[];
    readonly host?: (index: number) => string;
    readonly elixir?: boolean;
    /** Just these, for nodes that have an EPMD to themselves. */
    readonly names?: readonly string[];
    readonly tls?: ConnectOptions["tls"];
  } = {},
): Promise<Member[]> {
  const { tls } = options;
  const cookie = makeCookie();
  count += 1;
  const suffix = `${process.pid}_${count}`;
  const members = await Promise.all(
    sets.map(async (set, index) => {
      const name = options.names?.[index] ?? `${String.fromCharCode(97 + index)}_${suffix}`;
      const host = options.host?.(index) ?? "127.0.0.1";
      const node = await startErl({
        otp: await provision(set),
        name: `${name}@${host}`,
        cookie,
        interface: host === "localhost" ? "127.0.0.1" : host,
        epmd: { port: cluster.epmdPort },
        env: cluster.env,
        // Else global parts nodes further than the faults do.
        args: options.args ?? ["-kernel", "prevent_overlapping_partitions", "false"],
        ...(options.elixir === true ? { elixir: ":ok" } : {}),
      });
      const address = { host: host === "localhost" ? "127.0.0.1" : host, port: node.port };
      const beam = await connect(node.name, { cookie, address, ...(tls && { tls }) });
      return member(name, node, beam);
    }),
  );
  return members;
}

function member(name: string, process: BeamProcess, beam: BeamNode): Member {
  return {
    name,
    full: process.name,
    process,
    beam,
    run: async (text, options) =>
      inspect(await evaluate(beam, text, { language: "erlang", ...options }), { syntax: "erlang" }),
    async [Symbol.asyncDispose]() {
      await beam.close();
      await process[Symbol.asyncDispose]();
    },
  };
}

/** `pong` or `pang`. */
export function ping(from: Member, to: Member): Promise<string> {
  return from.run(`net_adm:ping('${to.full}')`);
}
