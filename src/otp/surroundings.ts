/** Where a node runs and what it was started with: container, mounts, boot version, heart, code paths, other nodes. */

import { Atom, type Term, Tuple, textOf } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** What surrounds a node. */
export interface Surroundings {
  /** `/proc/self/mountinfo` as the node sees it, at most 256 KiB; empty where there is none. */
  readonly mounts: string;
  /** Why it is thought to run in a container, as `/.dockerenv`; `undefined` when nothing says so. */
  readonly container: string | undefined;
  /** The version that the node was booted with, by `RELEASE_VSN` or else by its boot script. */
  readonly booted: string | undefined;
  /** Whether `RELEASE_VSN` is set: a start script that this node runs again boots that version. */
  readonly releaseVsn: boolean;
  /** Whether heart watches the node, and whether it has a command. */
  readonly heart: "none" | "silent" | "command";
  readonly mode: "embedded" | "interactive";
  /** `code:get_path/0`. */
  readonly codePath: readonly string[];
  /** `code:lib_dir(kernel)`: where the node's own libraries are by its own words. */
  readonly kernel: string;
  /** The nodes that it is connected with. Hidden ones are left out: they are tools, as we are. */
  readonly nodes: readonly string[];
}

/** Asks all of it at once. Read-only; of the environment variables only `RELEASE_VSN` leaves the node. */
export async function surroundings(remote: Remote, options?: CallOptions): Promise<Surroundings> {
  const answer = new Answer(remote, SCRIPT.name);
  const found = answer.tuple(await runScript(remote, SCRIPT, {}, options), 10);
  const [mounts, cgroup, marker, vsn, id, heart, command, mode, path, nodes] = found;
  const releaseVsn = vsn instanceof Atom ? undefined : answer.text(vsn);
  const [, booted] = id instanceof Tuple ? id.items : [];
  const control = /docker|kubepods|containerd|libpod|\/lxc\//.exec(latin1(cgroup));
  const codePath = answer.list(path).flatMap((folder) => textOf(folder) ?? []);
  const where = marker instanceof Atom ? undefined : answer.text(marker);
  return {
    mounts: latin1(mounts),
    container: where ?? (control === null ? undefined : "/proc/self/cgroup"),
    booted: releaseVsn ?? textOf(booted ?? []),
    releaseVsn: releaseVsn !== undefined,
    heart: heartOf(answer.boolean(heart), answer.boolean(command)),
    mode: answer.atom(mode) === "embedded" ? "embedded" : "interactive",
    codePath,
    kernel: codePath.find((folder) => /\/kernel(-[^/]*)?\/ebin$/.test(folder)) ?? "",
    nodes: answer.list(nodes).map((name) => answer.atom(name)),
  };
}

function heartOf(runs: boolean, command: boolean): Surroundings["heart"] {
  if (!runs) return "none";
  return command ? "command" : "silent";
}

function latin1(term: Term | undefined): string {
  return term instanceof Uint8Array ? Buffer.from(term).toString("latin1") : "";
}

// Files of /proc have no size, and are read all the same.
const SCRIPT: Script = new Script({
  name: "surroundings",
  readOnly: true,
  source: `
Head = fun(File) -> case file:read_file(File) of
    {ok, Data} -> binary:part(Data, 0, min(byte_size(Data), 262144));
    _ -> none
end end,
Is = fun(File) -> case file:read_file_info(File, [raw]) of {ok, _} -> true; _ -> false end end,
Marker = [File || File <- ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io"], Is(File)],
{Head("/proc/self/mountinfo"), Head("/proc/self/cgroup"), case Marker of [] -> none; _ -> hd(Marker) end,
 os:getenv("RELEASE_VSN"), init:script_id(), whereis(heart) =/= undefined, os:getenv("HEART_COMMAND") =/= false,
 code:get_mode(), code:get_path(), erlang:nodes(visible)}`,
});
