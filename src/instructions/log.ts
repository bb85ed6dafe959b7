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

/**
 * The prefix that a line of this type has in our output.
 * @example
 * import { prefixOf } from "beamctl/instructions";
 *
 * prefixOf("warning"); // => '---> ! '
 */
export function prefixOf(type: LogLevel): string {
  return PREFIXES[type];
}

/**
 * `debug/1`: a debug line in both places.
 * @example
 * import { debug } from "beamctl/instructions";
 *
 * debug(context, "looking at the stock");
 */
export function debug(context: LogContext, message: string): void {
  context.log("debug", message);
}

/**
 * `info/1`: a line in both places.
 * @example
 * import { info } from "beamctl/instructions";
 *
 * info(context, "12 orders are open");
 */
export function info(context: LogContext, message: string): void {
  context.log("info", message);
}

/**
 * `warn/1`: a warning in both places.
 * @example
 * import { warn } from "beamctl/instructions";
 *
 * warn(context, "the stock server is slow");
 */
export function warn(context: LogContext, message: string): void {
  context.log("warning", message);
}

/**
 * `error/1`: an error in both places. It aborts nothing: that is for {@link assume}, or an InstructionError that is thrown.
 * @example
 * import { error } from "beamctl/instructions";
 *
 * error(context, "the stock server does not run");
 */
export function error(context: LogContext, message: string): void {
  context.log("error", message);
}

/**
 * `log_in_upgrade_script/2`: a line with the prefix of its type, in our output only.
 * @example
 * import { logInUpgradeScript } from "beamctl/instructions";
 *
 * logInUpgradeScript(context, "info", "12 orders are open"); // ---> 12 orders are open
 */
export function logInUpgradeScript(context: PrintContext, type: LogLevel, message: string): void {
  context.print(`${prefixOf(type)}${message}\n`);
}

/**
 * `format_in_upgrade_script/2`: formats as Erlang's `io:format/2` does and prints it in our output only. Nothing is added, no end of line
 * either.
 * @throws UsageError when the arguments do not fit the format
 * @example
 * import { formatInUpgradeScript } from "beamctl/instructions";
 * import { atom } from "beamctl/term";
 *
 * formatInUpgradeScript(context, "~p has ~b orders~n", [atom("shop"), 12]);
 */
export function formatInUpgradeScript(
  context: PrintContext,
  format: string,
  args: readonly Term[] = [],
): void {
  context.print(ioFormat(charlist(format), args));
}
