/** From the running version to the wished one: what is found where there is no way. */

import { isBeamError, TimeoutError } from "../errors.ts";
import {
  type CallOptions,
  fileFacts,
  type Release,
  ReleaseHandlerError,
  type Remote,
  releasePlaces,
  whichReleases,
} from "../otp/index.ts";
import { RelupError, type RelupPath, readRelup, waysBetween } from "../relup/index.ts";
import type { UpgradeOptions } from "./events.ts";
import { obstacles } from "./obstacles.ts";
import type { Finding } from "./preflight/index.ts";
import { runningIn } from "./versions.ts";

/** What leads there, and what does not. */
export interface Way {
  readonly running: Release | undefined;
  readonly path: RelupPath | undefined;
  readonly findings: readonly Finding[];
}

/** Looks for the way. Read-only. */
export async function findWay(
  remote: Remote,
  version: string,
  options: UpgradeOptions,
  call: CallOptions,
): Promise<Way> {
  const nothing = { running: undefined, path: undefined };
  let releases: readonly Release[];
  try {
    releases = await whichReleases(remote, call);
  } catch (error) {
    return { ...nothing, findings: [mute(error)] };
  }
  const running = runningIn(releases);
  if (running === undefined) return { ...nothing, findings: [NO_RELEASE] };
  if (running.version === version) {
    return { running, path: undefined, findings: [already(running)] };
  }
  if (releases.every((known) => known.version !== version)) {
    const findings = [await notUnpacked(remote, running, version, call)];
    return { running, path: undefined, findings };
  }
  try {
    const path = await readRelup(remote, running.version, version, call);
    return { running, path, findings: obstacles(path, options, running.version, version) };
  } catch (error) {
    if (!(error instanceof RelupError)) throw error;
    const known = releases.map((release) => release.version);
    const via = await waysBetween(remote, running.version, version, known, call);
    return { running, path: undefined, findings: [noWay(error, version, via)] };
  }
}

/** The release handler does not answer: it is absent, or in the middle of an install. */
function mute(error: unknown): Finding {
  if (error instanceof ReleaseHandlerError) {
    return refusal(
      "no-release-handler",
      "the node has no release handler",
      "sasl is not started, and only its release handler can exchange a release",
      "Add `:sasl` to `extra_applications` (mix.exs), or `sasl` to the release's applications, and deploy that as a restart.",
    );
  }
  if (error instanceof TimeoutError || (isBeamError(error) && error.code === "BEAM_TIMEOUT")) {
    return refusal(
      "release-handler-busy",
      "the release handler does not answer",
      "it is in the middle of an unpack or an install: somebody else's upgrade is under way",
      "Wait for its end, and look with `beamctl release ls`.",
    );
  }
  throw error;
}

const NO_RELEASE: Finding = refusal(
  "no-release",
  "the node runs no release",
  "it was started with `erl`, `iex` or `mix`, so there is nothing to go to another version of",
  "Start it from a release (`mix release`, or systools with releases/RELEASES and start_erl.data).",
);

function already({ name, version }: Release): Finding {
  return refusal(
    "already-runs",
    `${name} ${version} already runs`,
    "there is nothing to do",
    "Name another version; `beamctl release ls` lists them.",
    [version],
  );
}

async function notUnpacked(
  remote: Remote,
  { name }: Release,
  version: string,
  call: CallOptions,
): Promise<Finding> {
  const file = `${(await releasePlaces(remote, call)).releases}/${name}-${version}.tar.gz`;
  const [facts] = await fileFacts(remote, [file], call);
  if (facts?.type === "regular") {
    return refusal(
      "not-unpacked",
      `${version} lies packed on the node, in ${file}`,
      "nothing in it can be checked before it is unpacked",
      `Unpack it, which changes files only: \`beamctl release unpack ${version}\`.`,
      [version],
    );
  }
  return refusal(
    "unknown-version",
    `the node knows no version ${version}`,
    `the release handler does not list it, and there is no ${file}`,
    `Name one that \`beamctl release ls\` shows, or copy the package there: \`beamctl release push\`.`,
    [version],
  );
}

function noWay(error: RelupError, version: string, via: readonly string[]): Finding {
  const [what = "", ...why] = error.message.split(": ");
  const [first] = via;
  return refusal(
    "no-relup",
    what,
    why.join(": ") || "the relup on the node cannot be used",
    first === undefined
      ? (error.remedy ?? "Build the release with a relup from the version that runs.")
      : `Go in two steps: \`beamctl release upgrade ${first}\`, then \`beamctl release upgrade ${version}\`.`,
    [version, ...via],
  );
}

function refusal(
  code: string,
  what: string,
  cause: string,
  remedy: string,
  about: readonly string[] = [],
): Finding {
  return { code, severity: "refusal", what, cause, remedy, about };
}
