/** The release handler's own files: it writes `RELEASES` at the install and `start_erl.data` when a version becomes permanent. */

import { fileFacts } from "../../otp/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Ground } from "./given.ts";

/** That they can be written, and say what the release handler holds. */
export const handlerFiles: Check<Ground> = {
  name: "RELEASES and start_erl.data",
  find: async (ground) => [
    ...(await writable(ground)),
    ...(await releasesFile(ground)),
    ...(await startData(ground)),
    ...statuses(ground),
  ],
};

async function writable({ remote, folder, options, call }: Ground): Promise<Finding[]> {
  const names = options.permanent === false ? ["RELEASES"] : ["RELEASES", "start_erl.data"];
  const paths = [folder, ...names.map((name) => `${folder}/${name}`)];
  const [parent, ...files] = await fileFacts(remote, paths, call);
  const locked = files
    .filter(({ type, writable: may }) => (type === undefined ? parent?.writable === false : !may))
    .map(({ path }) => path);
  if (locked.length === 0) return [];
  return [
    {
      code: "releases-not-writable",
      severity: "refusal",
      what: `the node cannot write ${locked.join(" and ")}`,
      cause: "the release handler writes them after the code has changed, and would fail half way",
      remedy:
        "Mount the release read-write, or give these files to the user that the node runs as.",
      about: locked,
    },
  ];
}

async function releasesFile(ground: Ground): Promise<Finding[]> {
  const { folder, releases, running, records } = ground;
  const { file } = await records();
  const path = `${folder}/RELEASES`;
  if (file === "missing" || running.libraries.length === 0) {
    return [
      {
        code: "no-way-back",
        severity: "warning",
        what: `the release handler knows no applications of ${running.version}, which runs${file === "missing" ? `: there is no ${path}` : ""}`,
        cause: `a later install of ${running.version} would fail half way, as a plain mix release does`,
        remedy: `Have RELEASES made first: \`beamctl release prepare ${ground.version}\`.`,
        about: [running.version],
      },
    ];
  }
  if (typeof file === "string") {
    return [
      {
        code: "releases-file-unusable",
        severity: "warning",
        what: `${path} cannot be used: ${file}`,
        cause:
          "sasl would not start with it; the install writes it anew, a restart before that fails",
        remedy: `Delete it, and have it made anew: \`beamctl release prepare ${ground.version}\`.`,
        about: [path],
      },
    ];
  }
  // The one that runs but is not permanent is in the file as it was before.
  const differs = releases
    .filter(({ version, status }) => file.get(version) !== status && status !== "current")
    .map(({ version }) => version);
  const unknown = [...file.keys()].filter((of) => releases.every(({ version }) => version !== of));
  if (differs.length + unknown.length === 0) return [];
  const about = [...differs, ...unknown];
  return [
    {
      code: "releases-file-differs",
      severity: "warning",
      what: `${path} and the release handler do not agree on ${about.join(", ")}`,
      cause: "somebody changed the file while the node ran; the next install overwrites it",
      remedy: "Compare it with `beamctl release ls`; to keep the file's, restart the node first.",
      about,
    },
  ];
}

async function startData({ folder, releases, records }: Ground): Promise<Finding[]> {
  const { boot } = await records();
  const path = `${folder}/start_erl.data`;
  const permanent = releases.find(({ status }) => status === "permanent")?.version;
  if (boot !== undefined && (permanent === undefined || boot.version === permanent)) return [];
  return [
    {
      code: "start-data-differs",
      severity: "warning",
      what: `${path} ${boot === undefined ? "cannot be read" : `names ${boot.version}, and ${permanent} is permanent`}`,
      cause: `until the upgrade is permanent a restart ${boot === undefined ? "fails" : `boots ${boot.version}`}`,
      remedy: "Write the emulator's and the permanent version there (as `13.1.5 0.1.0`).",
      about: [path],
    },
  ];
}

function statuses({ releases, running, version }: Ground): Finding[] {
  const unfinished = releases.find(({ status }) => status === "tmp_current");
  const permanent = releases.find(({ status }) => status === "permanent");
  const back = permanent?.version === version;
  return [
    ...(unfinished === undefined
      ? []
      : [
          {
            code: "install-unfinished",
            severity: "refusal" as const,
            what: `an install of ${unfinished.version} waits for a restart of the node`,
            cause: "its emulator is changed at that restart; another install now would mix the two",
            remedy: "Restart the node, or remove that release, and look at `beamctl release ls`.",
            about: [unfinished.version],
          },
        ]),
    ...(permanent === undefined || permanent.version === running.version
      ? []
      : [
          {
            code: "not-permanent",
            severity: back ? ("notice" as const) : ("warning" as const),
            what: `${running.version} runs, but ${permanent.version} is permanent`,
            cause: `a failure of this ${back ? "downgrade" : "upgrade"} restarts the node on ${permanent.version}`,
            remedy: back
              ? "That is the version that this leads to, but a restart disconnects the clients."
              : "If it is good, make it permanent first: `beamctl release commit`.",
            about: [running.version],
          },
        ]),
  ];
}
