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
  add(
    release,
    "push <tarball>",
    "copy a package to the node, in verified chunks",
    () => import("./commands/release-push.ts"),
  )
    .option("--as <name>", "the release's name on the node (default: that in the package)")
    .option("--force", "replace another file of that name");
  add(
    release,
    "unpack <version>",
    "make the release handler know a version, however it was packed",
    () => import("./commands/release-unpack.ts"),
  );
  add(
    release,
    "prepare <version>",
    "make what a plain mix release lacks: RELEASES, relup, runtime configuration",
    () => import("./commands/release-prepare.ts"),
  )
    .option("--dry-run", "list what would be changed, change nothing")
    .option("--undo", "take back what was prepared");
  const hot = (usage: string, description: string) =>
    addReportOption(
      addBudgetOptions(
        addPlanOptions(
          add(release, usage, description, () => import("./commands/release-upgrade.ts")),
        ),
      ),
    )
      .option("--install-timeout <duration>", "the longest the install may take", "5m")
      .option("--soak <duration>", "verify again and again this long before it is permanent", "0")
      .option("--edeliver-output", "be visible in nodes() and show what edeliver's relup prints")
      .option("--dry-run", "unpack, check and show the plan; change nothing that runs");
  for (const verb of ["upgrade", "downgrade"] as const) {
    hot(`${verb} <version>`, `${verb} hot, with nobody disconnected`)
      .option("--no-permanent", "do not make the version permanent at the end")
      .option("--rollback-on-failure", "go back at once when verification or soak fails");
  }
  hot("rollback", "leave what runs and is not permanent, for what is");
  const check = add(
    release,
    "plan <version>",
    "whether an upgrade would be done, and what it would touch; changes nothing",
    () => import("./commands/release-plan.ts"),
  );
  addPlanOptions(check).option(
    "--cluster",
    "ask the connected nodes what they run, with this cookie",
  );
  add(
    release,
    "commit",
    "make the version that runs the one that a restart boots",
    () => import("./commands/release-commit.ts"),
  )
    .option("--wait <duration>", "how long processes in old code may take to end", "1m")
    .option("--dry-run", "show what differs and who would be killed, change nothing");
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
  const journal = program.command("journal").description("journal files: read, check");
  add(
    journal,
    "cat [file]",
    "print the records of journals; needs no node",
    () => import("./commands/journal-cat.ts"),
  ).option("--op <id>", "only this operation; the beginning of its name is enough");
  add(
    journal,
    "verify [files...]",
    "check that journals are whole and every operation has ended",
    () => import("./commands/journal-verify.ts"),
  );
  add(
    program,
    "recover",
    "finish or undo what an interrupted run left",
    () => import("./commands/recover.ts"),
  )
    .addOption(forceOption())
    .option(
      "--wait <duration>",
      "how long an install and the guardian's undo are waited for",
      "10m",
    );
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
