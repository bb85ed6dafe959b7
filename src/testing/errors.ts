/** What can go wrong around a test. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";

/** A fixture was used in a way that cannot work: before its node is connected, after its end, or without a runner's hooks. */
export class FixtureError extends BeamError {
  readonly code = "BEAM_USAGE";
}

/** Things of a test could not be given back. The rest was; `causes` has each error. */
export class CleanUpError extends BeamError {
  readonly code = "BEAM_REMOTE";
  readonly causes: readonly unknown[];

  constructor(causes: readonly unknown[], options: BeamErrorOptions = {}) {
    const lines = causes.map(
      (cause) => `- ${cause instanceof Error ? cause.message : String(cause)}`,
    );
    const count = causes.length === 1 ? "one thing" : `${causes.length} things`;
    super(`${count} of the test could not be given back:\n${lines.join("\n")}`, {
      remedy: "Look at the node: what is left there may disturb other tests.",
      cause: causes[0],
      ...options,
    });
    this.causes = causes;
  }
}

/** A node could not be started. Its last words are in the message, the rest of them in `output`. */
export class StartError extends BeamError {
  readonly code = "BEAM_CONNECT";
  /** What it wrote to stdout and stderr; the last MiB of it. */
  readonly output: string;

  constructor(message: string, output: string, options: BeamErrorOptions = {}) {
    const words = output.trim() === "" ? "it wrote nothing" : `it wrote:\n${output.slice(-4_000)}`;
    super(`${message}; ${words}`, { remedy: "Look at what it wrote.", ...options });
    this.output = output;
  }
}
