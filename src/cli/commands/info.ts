/** `beamctl info`: what the node is, and how near its limits it runs. */

import { systemInfo } from "../../otp/index.ts";
import type { Run } from "../command.ts";
import type { Json } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals) =>
  observe(globals, async ({ remote }) => {
    const info = await systemInfo(remote);
    const printer = new Printer(globals);
    if (printer.format === "json" || printer.format === "ndjson") {
      printer.record(
        JSON.parse(JSON.stringify({ node: remote.name, ...info })) as { [name: string]: Json },
      );
      return undefined;
    }
    const of = ({ count, limit }: { count: number; limit: number }) =>
      `${count} of ${limit} (${((100 * count) / limit).toFixed(1)} %)`;
    printer.record({
      node: remote.name,
      otp: `${info.otpRelease} (erts ${info.ertsVersion})`,
      ...(info.elixirVersion === null ? {} : { elixir: info.elixirVersion }),
      uptime: `${Math.round(info.uptimeMs / 1000)} s`,
      schedulers: `${info.schedulersOnline} online, run queue ${info.runQueue}`,
      memory: `${(info.memory.total / 1048576).toFixed(1)} MiB`,
      processes: of(info.processes),
      ports: of(info.ports),
      atoms: of(info.atoms),
      applications: info.applications.map(({ name, version }) => `${name} ${version}`).join(", "),
    });
    return undefined;
  });
