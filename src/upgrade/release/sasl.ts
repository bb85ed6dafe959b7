/** The release handler is part of sasl: does it run, and if not, can it? */

import { Answer, type CallOptions, type Remote, runScript, Script } from "../../otp/index.ts";
import type { Found } from "./change.ts";
import { ReleaseError } from "./errors.ts";

/** `running`; `loadable`: its code is on the node and it is not started; `absent`: it is not in the release. */
export type SaslState = "running" | "loadable" | "absent";

/** Asks the node. Read-only. */
export async function saslState(remote: Remote, options?: CallOptions): Promise<SaslState> {
  const result = await runScript(remote, STATE, {}, options);
  return new Answer(remote, STATE.name).atom(result) as SaslState;
}

/** What is to be done for the release handler to run. */
export async function findSasl(remote: Remote): Promise<Found> {
  const state = await saslState(remote);
  if (state === "running") return {};
  if (state === "loadable") {
    return {
      change: {
        step: "sasl",
        what: "start the application sasl",
        why: "the release handler is part of it, and it is on the node but does not run",
        files: [],
        undo: "application:stop(sasl); a restart of the node does not start it",
      },
    };
  }
  throw new ReleaseError("the release has no release handler: sasl is not part of it", {
    node: remote.name,
    remedy:
      "In mix.exs: `extra_applications: [:logger, :sasl]` (Erlang: sasl in the .rel); build it, and deploy that one by a restart.",
  });
}

/** Starts it. */
export async function startSasl(remote: Remote): Promise<void> {
  const result = await runScript(remote, START, {}, { timeout: 30_000 });
  if (new Answer(remote, START.name).atom(result) === "running") return;
  throw new ReleaseError("sasl was started, and the release handler does not run", {
    node: remote.name,
    remedy: "Read the node's log, or put sasl among the applications of the release.",
  });
}

const STATE: Script = new Script({
  name: "sasl_state",
  source: `
case is_pid(whereis(release_handler)) of
    true -> running;
    false -> case code:where_is_file("sasl.app") =/= non_existing andalso code:ensure_loaded(release_handler) of
        {module, _} -> loadable;
        _ -> absent
    end
end`,
});

const START: Script = new Script({
  name: "sasl_start",
  source: `
_ = application:start(sasl),
case is_pid(whereis(release_handler)) of true -> running; false -> failed end`,
});
