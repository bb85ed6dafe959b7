/** OTP's `release_handler` (sasl): what is installed, and the steps of an upgrade. */

import { RemoteError } from "../node/index.ts";
import { Atom, atom, bool, charlist, type Term, Tuple, tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import { ReleaseHandlerError } from "./release-handler-error.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** Where a release stands: `current` runs but a restart leaves it, `permanent` is what a restart boots. */
export type ReleaseStatus = "unpacked" | "current" | "permanent" | "old" | "tmp_current";

/** A release that the node knows. */
export interface Release {
  readonly name: string;
  readonly version: string;
  readonly status: ReleaseStatus;
  /** Its applications. Empty when the node has no `RELEASES` file: then a downgrade fails half way. */
  readonly libraries: readonly { readonly name: string; readonly version: string }[];
}

/** What a check or an install came to. */
export interface Installed {
  /** The version that ran before. */
  readonly from: string;
  /** The relup's description of the change, as a term. */
  readonly description: Term;
  /** Whether the node restarts to go on: the link drops and every connection is lost. */
  readonly restarts: boolean;
}

/** Options of {@link installRelease}; the times are milliseconds. */
export interface InstallOptions extends CallOptions {
  /** Whether code paths follow applications whose version changed only in the .rel. Default `false`, as in OTP. */
  readonly updatePaths?: boolean;
  /** How the node restarts after a failure. Default `restart`, as in OTP. */
  readonly errorAction?: "restart" | "reboot";
  /** How long one process may take to suspend. Default OTP's 5000. */
  readonly suspendTimeout?: number;
  /** How long one process may take to change its state. Default OTP's 5000; one that takes longer fails the install, and the node restarts. */
  readonly codeChangeTimeout?: number;
}

/** Unpacking and installing take as long as disks and code changes do. */
const PATIENCE = 120_000;

/**
 * `which_releases/0`. Read-only; safe on a busy node, but it waits while an install runs.
 * @example
 * import { whichReleases } from "beamctl";
 *
 * for (const { name, version, status } of await whichReleases(node)) console.log(name, version, status);
 */
export async function whichReleases(remote: Remote, options?: CallOptions): Promise<Release[]> {
  const answer = new Answer(remote, "release_handler:which_releases/0");
  return answer.list(await ask(remote, "which_releases", [], options ?? {})).map((release) => {
    const [name, version, libraries, status] = answer.tuple(release, 4);
    return {
      name: answer.text(name),
      version: answer.text(version),
      status: answer.atom(status) as ReleaseStatus,
      libraries: answer.list(libraries).map((library) => splitLibrary(answer.text(library))),
    };
  });
}

/**
 * `unpack_release/1`: takes `releases/NAME-VSN.tar.gz` apart on the node. Changes files only.
 * @returns the version that was unpacked
 * @throws ReleaseHandlerError
 * @example
 * import { unpackRelease } from "beamctl";
 *
 * const version = await unpackRelease(node, "shop-0.2.0"); // releases/shop-0.2.0.tar.gz: "0.2.0"
 */
export async function unpackRelease(
  remote: Remote,
  name: string,
  options?: CallOptions,
): Promise<string> {
  return versionOf(
    remote,
    "unpack_release",
    await patient(remote, "unpack_release", [charlist(name)], options),
  );
}

/**
 * As {@link unpackRelease}, but the package, which `release_handler` deletes, stays: it has a second name meanwhile, where the disk knows links. All of it is done on
 * the node in one call, so it is whole also when we are gone.
 * @throws ReleaseHandlerError
 */
export async function unpackKept(
  remote: Remote,
  name: string,
  path: string,
  options: CallOptions,
): Promise<void> {
  const bindings = { Name: charlist(name), Package: charlist(path) };
  const answer = await runScript(remote, UNPACK_KEPT, bindings, options);
  if (!(answer instanceof Tuple) || !isAtom(answer.items[0], "error")) return;
  throw new ReleaseHandlerError(remote.name, "unpack_release", answer.items[1] ?? atom("error"));
}

const UNPACK_KEPT: Script = new Script({
  name: "unpack_kept",
  bindings: ["Name", "Package"],
  source: `
Kept = Package ++ ".beamctl-kept",
_ = file:delete(Kept),
_ = file:make_link(Package, Kept),
try release_handler:unpack_release(Name)
after
    _ = file:make_link(Kept, Package),
    _ = file:delete(Kept)
end`,
});

/**
 * `check_install_release/1`: runs every instruction of the relup that stands before its point of no return. It passes when there is no
 * relup at all, so read the relup as well.
 * @throws ReleaseHandlerError
 * @example
 * import { checkInstallRelease } from "beamctl";
 *
 * await checkInstallRelease(node, "0.2.0"); // throws what release_handler refuses it for
 */
export async function checkInstallRelease(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<Installed> {
  const operation = "check_install_release";
  return installed(
    remote,
    operation,
    await patient(remote, operation, [charlist(version)], options),
  );
}

/**
 * `install_release/2`: evaluates the relup. A timeout here ends our wait and nothing else: never repeat it, ask
 * {@link whichReleases}. After a failure past the point of no return the node restarts.
 * @throws ReleaseHandlerError
 * @example
 * import { installRelease } from "beamctl";
 *
 * await installRelease(node, "0.2.0", { codeChangeTimeout: 10_000 }); // upgrade() does it with everything around
 */
export async function installRelease(
  remote: Remote,
  version: string,
  options: InstallOptions = {},
): Promise<Installed> {
  const operation = "install_release";
  const args = [charlist(version), installOptions(options)];
  return installed(remote, operation, await patient(remote, operation, args, options));
}

/**
 * `make_permanent/1`: a restart boots this version from now on. Old code that waits for it is purged, which kills processes that run it.
 * @throws ReleaseHandlerError
 * @example
 * import { makePermanent } from "beamctl";
 *
 * await makePermanent(node, "0.2.0"); // commitRelease() looks first whom it would kill
 */
export async function makePermanent(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<void> {
  await patient(remote, "make_permanent", [charlist(version)], options);
}

/**
 * `remove_release/1`: deletes a release and its files. Without a `RELEASES` file it deletes libraries that run: see
 * {@link Release.libraries} first.
 * @throws ReleaseHandlerError
 */
export async function removeRelease(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<void> {
  await patient(remote, "remove_release", [charlist(version)], options);
}

/**
 * `set_removed/1`: forgets a release and leaves its files, the safe way back from an unpack.
 * @throws ReleaseHandlerError
 */
export async function setRemoved(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<void> {
  await patient(remote, "set_removed", [charlist(version)], options);
}

/**
 * `set_unpacked/2`: tells of a release that was put in place by other means; `relFile` is a path on the node.
 * @returns its version
 * @throws ReleaseHandlerError
 */
export async function setUnpacked(
  remote: Remote,
  relFile: string,
  folders: readonly { readonly name: string; readonly version: string; readonly folder: string }[],
  options?: CallOptions,
): Promise<string> {
  const dirs = folders.map(({ name, version, folder }) =>
    tuple(atom(name), charlist(version), charlist(folder)),
  );
  const args = [charlist(relFile), dirs];
  return versionOf(remote, "set_unpacked", await patient(remote, "set_unpacked", args, options));
}

function installOptions(options: InstallOptions): Term[] {
  const given: [string, Term | undefined][] = [
    ["update_paths", options.updatePaths === undefined ? undefined : bool(options.updatePaths)],
    ["error_action", options.errorAction === undefined ? undefined : atom(options.errorAction)],
    ["suspend_timeout", options.suspendTimeout],
    ["code_change_timeout", options.codeChangeTimeout],
  ];
  return given.flatMap(([key, value]) => (value === undefined ? [] : [tuple(atom(key), value)]));
}

function patient(
  remote: Remote,
  fun: string,
  args: readonly Term[],
  options: CallOptions = {},
): Promise<Term> {
  const { timeout = PATIENCE, signal } = options;
  return ask(remote, fun, args, signal === undefined ? { timeout } : { timeout, signal });
}

async function ask(
  remote: Remote,
  fun: string,
  args: readonly Term[],
  options: CallOptions,
): Promise<Term> {
  let answer: Term;
  try {
    answer = await remote.call("release_handler", fun, args, options);
  } catch (error) {
    if (error instanceof RemoteError && isAbsent(error.reason)) {
      throw new ReleaseHandlerError(remote.name, fun, atom("sasl_not_started"), error);
    }
    throw error;
  }
  if (answer instanceof Tuple && isAtom(answer.items[0], "error")) {
    throw new ReleaseHandlerError(remote.name, fun, answer.items[1] ?? atom("error"));
  }
  return answer;
}

/** `noproc`: sasl is not started; `undef`: it is not even part of the release. */
function isAbsent(reason: Term): boolean {
  const head = reason instanceof Tuple ? reason.items[0] : reason;
  return isAtom(head, "noproc") || isAtom(head, "undef");
}

function isAtom(term: Term | undefined, name: string): boolean {
  return term instanceof Atom && term.name === name;
}

function versionOf(remote: Remote, fun: string, term: Term): string {
  const answer = new Answer(remote, `release_handler:${fun}`);
  return answer.text(answer.tuple(term, 2)[1]);
}

function installed(remote: Remote, fun: string, term: Term): Installed {
  const answer = new Answer(remote, `release_handler:${fun}`);
  const [tag, from, description] = answer.tuple(term, 3);
  return {
    from: answer.text(from),
    description: description as Term,
    restarts: answer.atom(tag) === "continue_after_restart",
  };
}

function splitLibrary(text: string): { name: string; version: string } {
  const at = text.indexOf("-"); // no application's name has one, its version may
  return at < 0
    ? { name: text, version: "" }
    : { name: text.slice(0, at), version: text.slice(at + 1) };
}
