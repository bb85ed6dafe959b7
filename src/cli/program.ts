/** The command tree. Each command's code is loaded when it runs, so that `--help` is quick. */

import { readFileSync } from "node:fs";
import { Argument, Command, Option } from "commander";
import type { Local, Run } from "./command.ts";
import { type Globals, globalOptions } from "./globals.ts";
import { addBudgetOptions, addPlanOptions, addReportOption, targetOption } from "./plan-options.ts";

/** The whole program, not yet parsed. */
export function buildProgram(): Command {
  const program = new Command("beamctl")
    .description(
      "Operate live Elixir and Erlang nodes from outside: look, suspend, hot-upgrade, resume.",
    )
    .version(version(), "-V, --version")
    .exitOverride()
    .showHelpAfterError("(beamctl --help lists the commands)")
    .configureHelp({ showGlobalOptions: true });
  for (const option of globalOptions()) program.addOption(option);

  add(
    program,
    "ping",
    "measure the handshake and a round trip",
    () => import("./commands/ping.ts"),
  );
  add(
    program,
    "doctor",
    "explain step by step why a node cannot be reached",
    () => import("./commands/doctor.ts"),
  );
  add(
    program,
    "nodes [host]",
    "list the nodes that an EPMD knows",
    () => import("./commands/nodes.ts"),
  );
  add(
    program,
    "info",
    "versions, uptime, memory and limits of the node",
    () => import("./commands/info.ts"),
  );
  add(
    program,
    "rpc [expression] [args...]",
    "evaluate an expression, or call -m M -f F with terms",
    () => import("./commands/rpc.ts"),
  )
    .option("-m, --module <module>", "the module to call, as MyApp.Repo or lists")
    .option("-f, --function <function>", "the function to call")
    .addOption(language());
  add(
    program,
    "eval <file>",
    "run a script from a file, or from stdin with -",
    () => import("./commands/eval.ts"),
  ).addOption(language());
  add(program, "tree [application]", "the supervision tree", () => import("./commands/tree.ts"));
  add(
    program,
    "listeners",
    "listeners with their acceptors and status",
    () => import("./commands/listeners.ts"),
  );
  add(
    program,
    "connections",
    "connections by kind, and how that is known",
    () => import("./commands/connections.ts"),
  )
    .option("--websockets", "only websockets")
    .option("--summary", "only how many of each kind a listener has");

  const chan = program.command("chan").description("channel processes: list, suspend, resume");
  add(chan, "ls", "list channels with topic, socket and queue", () => import("./commands/chan.ts"));
  const suspend = add(
    chan,
    "suspend",
    "suspend them while this command runs; Ctrl-C resumes",
    () => import("./commands/chan-suspend.ts"),
  );
  addReportOption(addBudgetOptions(suspend))
    .option("--for <duration>", "resume after this time", "8s")
    .addOption(targetOption());
  add(
    chan,
    "resume",
    "resume what a former command left suspended",
    () => import("./commands/recover.ts"),
  ).addOption(forceOption());

  const release = program.command("release").description("versions of the release: list, upgrade");
  add(release, "ls", "versions and their status", () => import("./commands/release-ls.ts"));
  for (const verb of ["upgrade", "downgrade"] as const) {
    const command = add(
      release,
      `${verb} <version>`,
      `${verb} hot, with nobody disconnected`,
      () => import("./commands/release-upgrade.ts"),
    );
    addReportOption(addBudgetOptions(addPlanOptions(command)))
      .option("--install-timeout <duration>", "the longest the install may take", "5m")
      .option("--edeliver-output", "be visible in nodes() and show what edeliver's relup prints")
      .option("--no-permanent", "do not make the version permanent at the end")
      .option("--dry-run", "check and show the plan, change nothing");
  }
  add(
    release,
    "commit",
    "make the version that runs the one that a restart boots",
    () => import("./commands/release-commit.ts"),
  ).option("--wait <duration>", "how long processes in old code may take to end", "1m");
  const plan = add(
    program,
    "plan <version>",
    "what an upgrade would do, step by step; changes nothing",
    () => import("./commands/plan.ts"),
  );
  addBudgetOptions(addPlanOptions(plan)).option(
    "--lists",
    "the relup's lists of both directions instead",
  );
  const instruction = program
    .command("instruction")
    .description("edeliver's instructions one by one");
  add(
    instruction,
    "ls",
    "list them, with what they need and where they go",
    () => import("./commands/instruction-ls.ts"),
  );
  const one = add(
    instruction,
    "run <name> [argument]",
    "run one, after what it needs; what it changes is given back",
    () => import("./commands/instruction-run.ts"),
  );
  addReportOption(addBudgetOptions(addPlanOptions(one, { plan: false })))
    .option("--module <module...>", "the modules that change")
    .option("--for <duration>", "how long what it changed stays so", "0")
    .addOption(language());
  const relup = program
    .command("relup")
    .description("the way between two versions: explain, show, rewrite");
  add(
    relup,
    "explain <version>",
    "what the upgrade to it does, in words, and to whom",
    () => import("./commands/relup-explain.ts"),
  ).option("--from <version>", "the version to come from (default: the one that runs)");
  add(
    relup,
    "show <version>",
    "the terms of its relup as they stand on the node",
    () => import("./commands/relup-show.ts"),
  );
  add(
    relup,
    "soft-purge <version>",
    "rewrite its relup: refuse where it would kill",
    () => import("./commands/relup-soft-purge.ts"),
  ).option("--dry-run", "show the difference, change nothing");
  add(
    relup,
    "restore <version>",
    "put a backup of its relup back",
    () => import("./commands/relup-restore.ts"),
  ).option("--backup <name>", "this one (default: the newest)");
  add(
    program,
    "recover",
    "finish or undo what an interrupted run left",
    () => import("./commands/recover.ts"),
  ).addOption(forceOption());
  return program;
}

function add(
  parent: Command,
  usage: string,
  description: string,
  load: () => Promise<{ run: Run }>,
): Command {
  const [name, ...args] = usage.split(" ") as [string, ...string[]];
  const command = parent.command(name).description(description);
  for (const arg of args) command.addArgument(new Argument(arg));
  return command.action(async () => {
    const { run } = await load();
    const code = await run(
      command.optsWithGlobals<Globals>(),
      { verb: name, ...command.opts<Local>() },
      command.processedArgs.flat().filter((value) => value !== undefined) as string[],
    );
    if (code !== undefined) process.exitCode = code;
  });
}

function language(): Option {
  return new Option("--lang <language>", "the language of the expression").choices([
    "elixir",
    "erlang",
  ]);
}

function forceOption(): Option {
  return new Option("--force", "take over from a controller that may still be alive");
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
