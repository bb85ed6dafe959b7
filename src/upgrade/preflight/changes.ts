/** What changes between the two versions, and whether the relup does something about it. */

import { type Instruction, partsOf } from "../../relup/index.ts";
import { Atom, type Term, Tuple } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { isOtp } from "./otp-applications.ts";
import type { Library, Recorded } from "./records.ts";
import { few } from "./words.ts";

/** Emulator, OTP, dependencies, and applications that come and go. */
export const changes: Check = {
  name: "what changes between the versions",
  find: async (given) => {
    const { of } = await given.records();
    const [before, after] = [await of(given.running.version), await of(given.version)];
    if (before === undefined || after === undefined) return [];
    const old = new Map(before.libraries.map((library) => [library.name, library]));
    const changed = after.libraries.flatMap((library) => {
      const was = old.get(library.name);
      return was === undefined || was.version === library.version ? [] : [{ was, library }];
    });
    return [
      ...emulator(before, after),
      ...core(changed),
      ...listenerLibraries(given, changed),
      ...comeAndGo(given, before, after),
      ...others(given, changed),
    ];
  },
};

/** A library in both versions. */
interface Changed {
  readonly was: Library;
  readonly library: Library;
}

const shown = ({ was, library }: Changed) => `${was.name} ${was.version} → ${library.version}`;
const namesOf = (changed: readonly Changed[]) => changed.map(({ library }) => library.name);

function emulator(before: Recorded, after: Recorded): Finding[] {
  if (before.erts === after.erts || before.erts === "" || after.erts === "") return [];
  return [
    {
      code: "emulator-changed",
      severity: "danger",
      what: `the emulator changes from erts ${before.erts} to ${after.erts}`,
      cause:
        "it is not exchanged without a restart: the new code runs on the old emulator until then",
      remedy: "Deploy this version as a restart, or build it with the OTP that runs.",
      about: [`erts-${after.erts}`],
    },
  ];
}

function core(changed: readonly Changed[]): Finding[] {
  const found = changed.filter(({ was }) => ["kernel", "stdlib", "sasl"].includes(was.name));
  if (found.length === 0) return [];
  return [
    {
      code: "core-libraries-changed",
      severity: "danger",
      what: `libraries change that OTP exchanges only by a restart: ${found.map(shown).join(", ")}`,
      cause:
        "loading erl_eval and its like anew kills the guardian, and whoever evaluates, half way",
      remedy: "Deploy this version as a restart, or build it with the OTP that runs.",
      about: namesOf(found),
    },
  ];
}

function listenerLibraries(given: Given, changed: readonly Changed[]): Finding[] {
  const loaded = new Set(given.rows.map(({ instruction }) => libraryOf(instruction)));
  const found = changed.filter(
    ({ was }) => ["ranch", "thousand_island"].includes(was.name) && loaded.has(was.name),
  );
  return found.map((change) => ({
    code: "listener-library-changed",
    severity: "warning",
    what: `${shown(change)} is loaded while its acceptors and connections run in it`,
    cause:
      "an acceptor stays in old code until its next client: a brutal purge, or the next upgrade's, kills it, and what holds acceptors here was not tried across versions",
    remedy: `Have it refuse rather than kill: \`beamctl relup soft-purge ${given.version}\`; or deploy as a restart.`,
    about: [change.was.name],
  }));
}

function comeAndGo({ rows, version }: Given, before: Recorded, after: Recorded): Finding[] {
  const calls = rows
    .map(({ instruction }) => applicationCall(instruction))
    .filter((call) => call !== "");
  const lacking = (from: Recorded, others: Recorded, verb: string) => {
    const there = new Set(others.libraries.map(({ name }) => name));
    return from.libraries
      .filter(({ name, type }) => !there.has(name) && type !== "none" && type !== "load")
      .map(({ name }) => name)
      .filter((name) => !calls.includes(`${verb} ${name}`));
  };
  const added = lacking(after, before, "start");
  const removed = lacking(before, after, "stop");
  const finding = (code: string, names: readonly string[], what: string, cause: string) =>
    names.length === 0
      ? []
      : [
          {
            code,
            severity: "warning" as const,
            what: `${what}: ${names.join(", ")}`,
            cause,
            remedy: `Build the relup with systools:make_relup from the .rel files of both versions, and unpack ${version} again.`,
            about: names,
          },
        ];
  return [
    ...finding(
      "added-not-started",
      added,
      "the relup does not start applications that the version adds",
      "what needs them fails until the node is restarted",
    ),
    ...finding(
      "removed-not-stopped",
      removed,
      "the relup does not stop applications that the version no longer has",
      "they run on, in code that `release_handler:remove_release` may delete",
    ),
  ];
}

function others({ running, options }: Given, changed: readonly Changed[]): Finding[] {
  const own = options.application ?? running.name;
  const rest = changed.filter(({ was }) => was.name !== own);
  if (rest.length === 0) return [];
  const otp = rest.filter(({ was }) => isOtp(was.name)).length;
  return [
    {
      code: "libraries-changed",
      severity: "notice",
      what: `other applications change, too: ${few(rest.map(shown), rest.length, 8)}`,
      cause: `${otp === 0 ? "none is" : `${otp} are`} of OTP; their authors seldom try a hot upgrade`,
      remedy: "Read what the relup does with them: `beamctl relup explain`.",
      about: namesOf(rest),
    },
  ];
}

/** The application whose code `load_object_code` reads. */
function libraryOf(instruction: Instruction): string {
  const { tag, args } = partsOf(instruction);
  const [detail] = args;
  const [name] = tag === "load_object_code" ? itemsOf(detail) : [];
  return name instanceof Atom ? name.name : "";
}

/** `start NAME` or `stop NAME` of `{apply, {application, start, [Name | _]}}`. */
function applicationCall(instruction: Instruction): string {
  const { tag, args } = partsOf(instruction);
  const [module, fun, list] = tag === "apply" ? itemsOf(args[0]) : [];
  const [name] = Array.isArray(list) ? (list as readonly Term[]) : [];
  const called = module instanceof Atom && module.name === "application";
  return called && fun instanceof Atom && name instanceof Atom ? `${fun.name} ${name.name}` : "";
}

function itemsOf(term: Term | undefined): readonly Term[] {
  return term instanceof Tuple ? term.items : [];
}
