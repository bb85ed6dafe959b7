/** Every way in which the release handler says no, with what to do about it. */

import { BeamError } from "../errors.ts";
import { Atom, Pid, type Term, Tuple, textOf } from "../term/index.ts";

/** Why the release handler refused; `other` is a reason of a form that is not known here. */
export type ReleaseHandlerReason =
  | "sasl_not_started"
  | "no_such_release"
  | "existing_release"
  | "already_installed"
  | "no_matching_relup"
  | "relup_missing"
  | "bad_relup_file"
  | "no_such_file"
  | "no_such_directory"
  | "not_a_directory"
  | "bad_rel_file"
  | "bad_rel_data"
  | "cannot_extract_file"
  | "old_processes"
  | "bad_lib_vsn"
  | "missing_base_app"
  | "static_emulator"
  | "illegal_instruction_after_point_of_no_return"
  | "suspended_supervisor"
  | "code_change_failed"
  | "code_change_late"
  | "permanent"
  | "bad_status"
  | "file_error"
  | "bad_masters"
  | "aborted"
  | "exit"
  | "other";

interface Explanation {
  readonly why: (parts: readonly string[]) => string;
  readonly remedy: string;
}

const MAKE_RELUP =
  "`beamctl release prepare VSN` makes one from the applications' appups; else build the release with one.";

const EXPLANATIONS: Readonly<Record<Exclude<ReleaseHandlerReason, "other">, Explanation>> = {
  sasl_not_started: {
    why: () => "the release handler does not run on this node",
    remedy:
      "In mix.exs: `extra_applications: [:logger, :sasl]` (Erlang: sasl in the .rel), deployed by a restart; where sasl is there and not started `beamctl release prepare VSN` starts it.",
  },
  no_such_release: {
    why: ([version]) => `release ${version} is not known to the node`,
    remedy: "Send its package: `beamctl release push TARBALL`; then `beamctl release unpack VSN`.",
  },
  existing_release: {
    why: ([version]) => `release ${version} is unpacked already`,
    remedy: "Go on with it; if it is stale, remove it with `set_removed` and unpack it again.",
  },
  already_installed: {
    why: ([version]) => `release ${version} runs already`,
    remedy: "Nothing is to be done; to make it survive a restart, make it permanent.",
  },
  no_matching_relup: {
    why: ([to, from]) => `no relup leads from ${from} to ${to}`,
    remedy: MAKE_RELUP,
  },
  relup_missing: {
    why: ([file]) => `no relup leads to this version: ${file} does not exist either`,
    remedy: MAKE_RELUP,
  },
  bad_relup_file: {
    why: ([file]) => `the relup ${file} is not a relup of this version`,
    remedy: "Build it again; a relup of another release may lie in the package.",
  },
  no_such_file: {
    why: ([file]) => `${file} does not exist on the node`,
    remedy: "Copy it there; the package lies in `releases` as NAME-VSN.tar.gz.",
  },
  no_such_directory: {
    why: ([folder]) => `the folder ${folder} does not exist on the node`,
    remedy: "The release is incomplete: unpack its package again.",
  },
  not_a_directory: {
    why: ([folder]) => `${folder} is no folder on the node`,
    remedy: "The release is incomplete: unpack its package again.",
  },
  bad_rel_file: {
    why: ([file]) => `the .rel file ${file} cannot be read`,
    remedy: "The package needs releases/NAME-VSN.rel with this release's applications.",
  },
  bad_rel_data: {
    why: () => "the .rel file does not describe a release",
    remedy: "Build the package again with systools:make_tar.",
  },
  cannot_extract_file: {
    why: ([file]) => `${file} cannot be taken out of the package`,
    remedy: "Is the package complete, and may the node write to its root folder?",
  },
  old_processes: {
    why: ([module]) => `processes still run old code of ${module}`,
    remedy: "Let these processes end or restart them; purging would kill them.",
  },
  bad_lib_vsn: {
    why: ([library]) => `the version of the library ${library} does not fit`,
    remedy: "Build the package again: its .rel and its lib folder disagree.",
  },
  missing_base_app: {
    why: ([app]) => `the release lacks the application ${app}`,
    remedy: "A release that restarts the emulator needs kernel, stdlib and sasl.",
  },
  static_emulator: {
    why: () => "the emulator cannot be changed on this node",
    remedy: "Keep the emulator's version in both releases, or restart the node instead.",
  },
  illegal_instruction_after_point_of_no_return: {
    why: () => "the relup has an instruction that may only stand before its point of no return",
    remedy: "Build the relup again with systools:make_relup.",
  },
  suspended_supervisor: {
    why: () => "a supervisor is suspended, so the release handler cannot walk the tree",
    remedy: "Resume it, then try again; no supervisor may be suspended during an upgrade.",
  },
  code_change_failed: {
    why: ([pid, module]) => `code_change of ${moduleName(module)} failed in ${pid}`,
    remedy: "The node restarts on its permanent release; correct code_change and build again.",
  },
  code_change_late: {
    why: ([pid, module]) =>
      `code_change of ${moduleName(module)} in ${pid} took longer than the 5 s that the release handler waits`,
    remedy: "The node restarts on its permanent release; leave in code_change only what is quick.",
  },
  permanent: {
    why: ([version]) => `release ${version} is the permanent one`,
    remedy: "Make another release permanent first.",
  },
  bad_status: {
    why: ([status]) => `this cannot be done with a release that is ${status}`,
    remedy: "`beamctl release ls` shows the status of each release.",
  },
  file_error: {
    why: ([file, problem]) => `${file}: ${problem}`,
    remedy: "Look at the file and its permissions on the node's host.",
  },
  bad_masters: {
    why: () => "a master node of this client node did not agree",
    remedy: "Look at the masters of sasl's configuration.",
  },
  aborted: {
    why: ([text]) => `an instruction of the relup refused: ${text}`,
    remedy: "Before the point of no return nothing was changed: mend the cause and try again.",
  },
  exit: {
    why: ([cause]) => `an instruction of the relup crashed: ${cause}`,
    remedy: "Read the node's log; after the point of no return the node restarts.",
  },
};

/** The release handler refused or failed. `reason` is for decisions; the whole term stays in {@link ReleaseHandlerError.detail}. */
export class ReleaseHandlerError extends BeamError {
  readonly code = "BEAM_UPGRADE";
  /** The function that answered so, as `install_release`. */
  readonly operation: string;
  readonly reason: ReleaseHandlerReason;
  /** What the reason is about, in its order: versions, a module, a file. */
  readonly about: readonly string[];
  readonly #detail: Term;

  constructor(node: string, operation: string, detail: Term, cause?: unknown) {
    const { reason, about } = explain(detail);
    const known = reason === "other" ? undefined : EXPLANATIONS[reason];
    const why =
      known === undefined ? (headOf(detail) ?? "for an unknown reason") : known.why(about);
    super(`${operation}: ${why}`, {
      node,
      remedy: known?.remedy ?? "Read the node's log: the release handler writes its reasons there.",
      cause,
    });
    this.operation = operation;
    this.reason = reason;
    this.about = about;
    this.#detail = detail;
  }

  /** The reason as a term. It may hold the state of a process, so it is not for logs. */
  get detail(): Term {
    return this.#detail;
  }
}

function explain(detail: Term): { reason: ReleaseHandlerReason; about: readonly string[] } {
  const message = Array.isArray(detail) && detail.length > 0 ? textOf(detail) : undefined;
  if (message !== undefined) return { reason: "aborted", about: [message] };
  const parts: readonly Term[] = detail instanceof Tuple ? detail.items : [detail];
  const head = parts[0] instanceof Atom ? parts[0].name : undefined;
  if (head === "EXIT") return explainExit(parts[1]);
  if (head !== undefined && head in EXPLANATIONS) {
    // Two words at most: what follows them may be the state of a process.
    return { reason: head as ReleaseHandlerReason, about: parts.slice(1, 3).map(wordOf) };
  }
  const file = parts.length === 2 ? textOf(parts[1] as Term) : undefined;
  if (head !== undefined && file?.startsWith("/")) return explainFile(head, file);
  return { reason: "other", about: [] };
}

/** `{Posix, File}`. The release handler says so of the running version's relup when the new one's has no way. */
function explainFile(problem: string, file: string): ReturnType<typeof explain> {
  if (problem === "enoent" && file.endsWith("/relup")) {
    return { reason: "relup_missing", about: [file] };
  }
  return { reason: "file_error", about: [file, problem] };
}

function explainExit(cause: Term | undefined): ReturnType<typeof explain> {
  // A crash's reason is often wrapped with a stack: only known heads are looked for, states stay unread.
  const heads = [cause, cause instanceof Tuple ? cause.items[0] : undefined].map(headOf);
  if (heads.includes("suspended_supervisor")) return { reason: "suspended_supervisor", about: [] };
  const late = lateCodeChange(cause);
  if (late !== undefined) return { reason: "code_change_late", about: late };
  return { reason: "exit", about: [heads.find((head) => head !== undefined) ?? "unknown"] };
}

/** Process and module of `{timeout, {sys, change_code, [Pid, Module | _]}}`; the rest of the call stays unread. */
function lateCodeChange(cause: Term | undefined): readonly string[] | undefined {
  if (!(cause instanceof Tuple) || headOf(cause) !== "timeout") return undefined;
  const [module, name, args] = cause.items[1] instanceof Tuple ? cause.items[1].items : [];
  if (headOf(module) !== "sys" || headOf(name) !== "change_code") return undefined;
  return Array.isArray(args) && args.length >= 2 ? args.slice(0, 2).map(wordOf) : undefined;
}

function moduleName(module = ""): string {
  return module.replace(/^Elixir\./, "");
}

function headOf(term: Term | undefined): string | undefined {
  const head = term instanceof Tuple ? term.items[0] : term;
  return head instanceof Atom ? head.name : undefined;
}

function wordOf(term: Term): string {
  if (term instanceof Atom) return term.name;
  if (term instanceof Pid) return String(term);
  return textOf(term) ?? headOf(term) ?? "unknown";
}
