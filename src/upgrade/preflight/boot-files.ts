/** What a restart needs once the version is permanent: the release handler looks at none of it. */

import { bootFileOf, fileFacts, listDir } from "../../otp/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Ground } from "./given.ts";

/** The files that start scripts of releases read; those that the running version's folder has are wanted of the other. */
const WANTED = ["vm.args", "env.sh", "elixir", "iex", "runtime.exs", "start_clean.boot"] as const;

const REBUILD = "Build the release anew, and push and unpack it again; or put them there by hand.";

/** A version that does not boot is found out at the next restart, when nobody is looking. */
export const bootFiles: Check<Ground> = {
  name: "the boot files",
  find: async (ground) => {
    if (ground.releases.every(({ version }) => version !== ground.version)) return []; // not unpacked
    return [
      ...(await bootFile(ground)),
      ...(await missing(ground)),
      ...(await emulator(ground)),
      ...(await relFile(ground)),
    ];
  },
};

async function bootFile({ remote, folderOf, version, running, call }: Ground): Promise<Finding[]> {
  const path = `${folderOf(version)}/start.boot`;
  const own = `${folderOf(running.version)}/start.boot`;
  const [facts, before] = await fileFacts(remote, [path, own], call);
  const id = facts?.readable === true ? await bootFileOf(remote, path, call) : undefined;
  if (id?.version === version) return [];
  // A system that boots by other means has none of its own either.
  if (facts?.type === undefined && before?.type === undefined) return [];
  const problem = facts?.type === undefined ? "is missing" : "cannot be read";
  return [
    {
      code: "boot-file-unusable",
      severity: "danger",
      what: `${path} ${id === undefined ? problem : `boots ${id.name} ${id.version}`}`,
      cause: `when ${version} is permanent, a restart of the node fails or boots something else`,
      remedy: "Build the release anew (systools:make_script), and unpack it again.",
      about: [path],
    },
  ];
}

async function missing({ remote, folderOf, version, running, call }: Ground): Promise<Finding[]> {
  const has = new Set(await listDir(remote, folderOf(running.version), call));
  const wanted = WANTED.filter((name) => has.has(name)).map(
    (name) => `${folderOf(version)}/${name}`,
  );
  const facts = await fileFacts(remote, wanted, call);
  const gone = facts.filter(({ readable }) => !readable).map(({ path }) => path);
  if (gone.length === 0) return [];
  const names = gone.map((path) => path.slice(path.lastIndexOf("/") + 1)).join(", ");
  return [
    {
      code: "boot-files-missing",
      severity: "danger",
      what: `${folderOf(version)} lacks what ${running.version} has: ${names}`,
      cause: `when ${version} is permanent, the start script fails at the next restart`,
      remedy: REBUILD,
      about: gone,
    },
  ];
}

async function emulator({
  remote,
  root,
  records,
  version,
  running,
  call,
}: Ground): Promise<Finding[]> {
  const { of } = await records();
  const erts = (await of(version))?.erts ?? "";
  const own = (await of(running.version))?.erts ?? "";
  const [facts, before] = await fileFacts(
    remote,
    [`${root}/erts-${erts}`, `${root}/erts-${own}`],
    call,
  );
  // A release without an emulator of its own runs on the machine's.
  if (erts === "" || facts?.type === "directory" || before?.type !== "directory") return [];
  return [
    {
      code: "emulator-missing",
      severity: "danger",
      what: `${version} wants erts-${erts}, which is not in ${root}`,
      cause: `start_erl.data will name it: when ${version} is permanent, a restart finds no emulator`,
      remedy: "Build the release with its emulator (`include_erts: true`) and unpack it again.",
      about: [`${root}/erts-${erts}`],
    },
  ];
}

async function relFile({ records, version }: Ground): Promise<Finding[]> {
  const { relFile: find } = await records();
  if ((await find(version)) !== undefined) return [];
  return [
    {
      code: "rel-missing",
      severity: "notice",
      what: `no .rel file of ${version} can be read in releases/${version} or beside it`,
      cause: "RELEASES cannot be made anew from it, and added applications cannot be judged",
      remedy: "Put NAME.rel of the build into the version's folder.",
      about: [version],
    },
  ];
}
