/** The lines that instructions write: edeliver's functions of these names, in our output and in the node's own log. */

import { charlist, ioFormat, type Term } from "../term/index.ts";
import type { InstructionContext, LogLevel } from "./instruction.ts";

/** What is needed of the context to write a line. */
export type LogContext = Pick<InstructionContext, "log">;
/** What is needed of the context to print. */
export type PrintContext = Pick<InstructionContext, "print">;

/** edeliver's prefixes of the lines in its upgrade script. */
const PREFIXES: Readonly<Record<LogLevel, string>> = {
  error: "---> X ",
  warning: "---> ! ",
  info: "---> ",
  debug: "----> ",
};

/** The prefix that a line of this type has in our output. */
export function prefixOf(type: LogLevel): string {
  return PREFIXES[type];
}

/** `debug/1`: a debug line in both places. */
export function debug(context: LogContext, message: string): void {
  context.log("debug", message);
}

/** `info/1`: a line in both places. */
export function info(context: LogContext, message: string): void {
  context.log("info", message);
}

/** `warn/1`: a warning in both places. */
export function warn(context: LogContext, message: string): void {
  context.log("warning", message);
}

/** `error/1`: an error in both places. It aborts nothing: that is for {@link assume}, or an InstructionError that is thrown. */
export function error(context: LogContext, message: string): void {
  context.log("error", message);
}

/** `log_in_upgrade_script/2`: a line with the prefix of its type, in our output only. */
export function logInUpgradeScript(context: PrintContext, type: LogLevel, message: string): void {
  context.print(`${prefixOf(type)}${message}\n`);
}

/**
 * `format_in_upgrade_script/2`: formats as Erlang's `io:format/2` does and prints it in our output only. Nothing is added, no end of line
 * either.
 * @throws UsageError when the arguments do not fit the format
 */
export function formatInUpgradeScript(
  context: PrintContext,
  format: string,
  args: readonly Term[] = [],
): void {
  context.print(ioFormat(charlist(format), args));
}
