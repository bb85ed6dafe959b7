/** `RELEASES`: what the release handler knows of each version's libraries. A plain `mix release` has none, and a downgrade crashes half way then. */

import type { FileChanges } from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import {
  Answer,
  bootVersion,
  hex,
  problemOf,
  type Release,
  releasePlaces,
  runScript,
  whichReleases,
} from "../../otp/index.ts";
import { Atom, atom, charlist, type Term, tuple } from "../../term/index.ts";
import type { Found } from "./change.ts";
import { ReleaseError } from "./errors.ts";
import { layoutOf } from "./layout.ts";
import { RELEASES_PUT, RELEASES_STAGE } from "./releases-scripts.ts";
import { stamp } from "./stamp.ts";

/** Terminating and restarting the release handler takes milliseconds; the disk may take longer. */
const PATIENCE = 60_000;

/** Whether the release handler lacks the libraries of a version that it knows. */
export async function findReleases(node: BeamNode): Promise<Found> {
  const lacking = (await whichReleases(node)).filter(({ libraries }) => libraries.length === 0);
  if (lacking.length === 0) return {};
  const { releases } = await releasePlaces(node);
  const versions = lacking.map(({ version }) => version).join(", ");
  return {
    change: {
      step: "releases",
      what: `write RELEASES with the libraries of ${versions}, and restart the release handler`,
      why: "the node was booted without it: an install of that version would crash half way",
      files: [`${releases}/RELEASES`],
      undo: "the file as it was, or none; the release handler is restarted again",
    },
  };
}

/**
 * Writes `RELEASES` with what `release_handler:create_RELEASES/4` finds for the versions whose libraries nobody knows, and keeps all that is known. Then the release
 * handler (a child of `sasl_sup`) is terminated and restarted, since it reads the file only at its start. When it then does not know the same versions in the same
 * states, all is put back.
 * @throws ReleaseError when a version has no .rel, or one is installed and not permanent
 */
export async function writeReleases(node: BeamNode, changes: FileChanges): Promise<void> {
  const known = await whichReleases(node);
  await refuseOddStates(node, known);
  const { root, releases } = await releasePlaces(node);
  const describe: Term[] = [];
  for (const { name, version, libraries } of known) {
    if (libraries.length > 0) continue;
    const { rel } = await layoutOf(node, name, version);
    if (rel === undefined) {
      throw new ReleaseError(`${releases}/${version} has no .rel of ${version}`, {
        node: node.name,
        remedy: "Copy NAME.rel of that version's build there: it names its libraries.",
      });
    }
    describe.push(tuple(charlist(version), charlist(rel.file)));
  }
  const places = { Root: charlist(root), Releases: charlist(releases) };
  const states = known.map(({ name, version, status }) =>
    tuple(charlist(name), charlist(version), atom(status)),
  );
  const answer = new Answer(node, RELEASES_STAGE.name);
  const staged = await runScript(
    node,
    RELEASES_STAGE,
    { ...places, Describe: describe, Known: states },
    { timeout: PATIENCE },
  );
  const problem = problemOf(staged);
  if (problem !== undefined) throw refused(node, `it cannot be made: ${problem}`);
  const [, before, after] = answer.tuple(staged, 3);
  const guard = await changes.refuseWhileGuarded();
  const path = `${releases}/RELEASES`;
  const former =
    before instanceof Atom ? {} : { before: hex(before), backup: `${path}.${stamp()}.bak` };
  await changes.make(
    {
      ...{ what: "file", path, why: "the libraries of the versions" },
      ...former,
      after: hex(after),
    },
    async () => {
      const put = await runScript(
        node,
        RELEASES_PUT,
        {
          Releases: charlist(releases),
          Known: states,
          Backup: former.backup === undefined ? atom("none") : charlist(former.backup),
          Guard: guard ?? atom("undefined"),
        },
        { timeout: PATIENCE },
      );
      const why = problemOf(put);
      if (why === "release_handler_down") throw handlerDown(node);
      if (why !== undefined) throw refused(node, `${why}; all is as it was`);
      return {};
    },
  );
}

/** The one state that nobody must be left with unknowing. */
export function handlerDown(node: BeamNode): ReleaseError {
  return new ReleaseError("RELEASES is as it was, and the release handler does not start", {
    node: node.name,
    remedy:
      "On the node: `supervisor:restart_child(sasl_sup, release_handler)`. It tells why not; RELEASES must hold one list of releases, and start_erl.data be readable.",
  });
}

/** A restarted release handler takes the states from the file, where one that is only installed has none. */
async function refuseOddStates(node: BeamNode, known: readonly Release[]): Promise<void> {
  const current = known.find(({ status }) => status === "current" || status === "tmp_current");
  if (current !== undefined) {
    throw new ReleaseError(`${current.version} runs and is not permanent`, {
      node: node.name,
      remedy: "Make it permanent first: `beamctl release commit`.",
    });
  }
  const permanent = known.find(({ status }) => status === "permanent");
  const boots = await bootVersion(node);
  if (boots === undefined || boots === permanent?.version) return;
  throw new ReleaseError(
    `start_erl.data boots ${boots}, and ${permanent?.version ?? "nothing"} is permanent`,
    { node: node.name, remedy: "Correct the file on the node: it must name what runs." },
  );
}

function refused(node: BeamNode, why: string): ReleaseError {
  return new ReleaseError(`RELEASES was not written: ${why}`, {
    node: node.name,
    remedy: "Look at the releases folder and its permissions on the host.",
  });
}
