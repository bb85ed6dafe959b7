#!/usr/bin/env node
/** The command: parses the line, runs it, and ends with the exit code that the error asks for. */

import { CommanderError } from "commander";
import { EXIT } from "./exit-codes.ts";
import type { Globals } from "./globals.ts";
import { buildProgram } from "./program.ts";

const program = buildProgram();

// A reader that goes away (`beamctl tree | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    const { reportError } = await import("./report-error.ts");
    const { exitCodeOf } = await import("./error-exit.ts");
    reportError(error, program.opts<Globals>());
    process.exitCode = exitCodeOf(error);
  }
}
