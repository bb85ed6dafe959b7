/** OTP's `erlang`: what the node is and how near its limits it runs, in one call. */

import { Atom, textOf } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { RunningApplication } from "./application.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** How many there are and how many there may be. */
export interface ResourceUsage {
  readonly count: number;
  readonly limit: number;
}

/** A node at a glance. */
export interface SystemInfo {
  /** The major version, as `27`. */
  readonly otpRelease: string;
  readonly ertsVersion: string;
  /** `null` when Elixir is not loaded there. */
  readonly elixirVersion: string | null;
  /** Milliseconds since the node started. */
  readonly uptimeMs: number;
  readonly schedulersOnline: number;
  /** Processes that are ready to run and wait for a scheduler. */
  readonly runQueue: number;
  /** Bytes by kind, as `erlang:memory/0` names them. */
  readonly memory: Readonly<Record<string, number>> & { readonly total: number };
  readonly processes: ResourceUsage;
  readonly ports: ResourceUsage;
  /** Atoms are never freed: a node that reaches this limit ends. */
  readonly atoms: ResourceUsage;
  readonly applications: readonly Pick<RunningApplication, "name" | "version">[];
}

/**
 * The figures of {@link SystemInfo} by one script. Read-only and cheap.
 * @example
 * import { systemInfo } from "beamctl";
 *
 * const { otpRelease, processes, memory } = await systemInfo(node);
 * console.log(otpRelease, `${processes.count} of ${processes.limit}`, memory.total);
 */
export async function systemInfo(remote: Remote, options?: CallOptions): Promise<SystemInfo> {
  const answer = new Answer(remote, INFO.name);
  const [release, erts, elixir, uptime, schedulers, queue, memory, usages, applications] =
    answer.tuple(await runScript(remote, INFO, {}, options), 9);
  const bytes = answer.list(memory).map((pair) => {
    const [kind, size] = answer.tuple(pair, 2);
    return [answer.atom(kind), answer.integer(size)] as const;
  });
  const [processes, ports, atoms] = answer.list(usages).map((pair) => {
    const [count, limit] = answer.tuple(pair, 2);
    return { count: answer.integer(count), limit: answer.integer(limit) };
  });
  if (processes === undefined || ports === undefined || atoms === undefined) throw answer.odd();
  return {
    otpRelease: answer.text(release),
    ertsVersion: answer.text(erts),
    elixirVersion: elixir === undefined || elixir instanceof Atom ? null : (textOf(elixir) ?? null),
    uptimeMs: answer.integer(uptime),
    schedulersOnline: answer.integer(schedulers),
    runQueue: answer.integer(queue),
    memory: { total: 0, ...Object.fromEntries(bytes) },
    processes,
    ports,
    atoms,
    applications: answer.list(applications).map((application) => {
      const [name, version] = answer.tuple(application, 2);
      return { name: answer.atom(name), version: answer.text(version) };
    }),
  };
}

const INFO: Script = new Script({
  name: "system_info",
  readOnly: true,
  source: `
Info = fun(Key) -> erlang:system_info(Key) end,
{Uptime, _} = erlang:statistics(wall_clock),
Elixir = case application:get_key(elixir, vsn) of {ok, Version} -> Version; undefined -> none end,
{Info(otp_release), Info(version), Elixir, Uptime, Info(schedulers_online), erlang:statistics(run_queue), erlang:memory(),
 [{Info(process_count), Info(process_limit)}, {Info(port_count), Info(port_limit)}, {Info(atom_count), Info(atom_limit)}],
 [{Name, Vsn} || {Name, _, Vsn} <- application:which_applications(2000)]}`,
});
