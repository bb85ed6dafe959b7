/** edeliver's PhoenixModification through our helpers gives the lists that the real one gave. */

import { expect, test } from "vitest";
import {
  append,
  appendAfterPointOfNoReturn,
  ensureModuleLoadedBeforeFirstRunnableInstructions,
  ensureModuleLoadedBeforeInstruction,
  ensureModuleUnloadedAfterLastRunnableInstruction,
  type InsertFun,
  type Instructions,
  insertAfterLoadObjectCode,
  insertAfterPointOfNoReturn,
  insertBeforePointOfNoReturn,
  softPurge,
} from "../../src/relup/index.ts";
import { both, list, run, texts } from "./build.ts";

const PREFIX = "Elixir.Edeliver.Relup.Instructions.";

/** `Info`: another text in each list, before which its module is loaded and after which it is unloaded. */
function info(given: Instructions, up: string, down: string, insert: InsertFun): Instructions {
  const [added, undone] = [run("Info", `<<"${up}">>`), run("Info", `<<"${down}">>`)];
  return {
    ...given,
    upInstructions: ensureModuleLoadedBeforeFirstRunnableInstructions(
      insert(given.upInstructions, added),
      added,
    ),
    downInstructions: ensureModuleUnloadedAfterLastRunnableInstruction(
      insert(given.downInstructions, undone),
      undone,
    ),
  };
}

/** `RunnableInstruction.modify_relup/2`. */
function runnable(
  given: Instructions,
  name: string,
  argument: string,
  insert: InsertFun,
  dependencies: readonly string[] = [],
): Instructions {
  const added = run(name, argument);
  let result = ensureModuleLoadedBeforeInstruction(insert(given, added), added, PREFIX + name);
  for (const dependency of dependencies) {
    const module = PREFIX + dependency;
    result = {
      ...result,
      upInstructions: ensureModuleLoadedBeforeFirstRunnableInstructions(
        result.upInstructions,
        added,
        module,
      ),
      downInstructions: ensureModuleUnloadedAfterLastRunnableInstruction(
        result.downInstructions,
        added,
        module,
      ),
    };
  }
  return result;
}

/** `PhoenixModification.modify_relup/2`, in the order of its calls. */
function modified(given: Instructions): Instructions {
  const acceptors = ["CheckRanchAcceptors"];
  const connections = [...acceptors, "CheckRanchConnections"];
  let it = info(given, "check up", "check down", insertAfterLoadObjectCode);
  it = runnable(it, "CheckProcessesRunningOldCode", "[a,b]", insertBeforePointOfNoReturn);
  it = runnable(it, "CheckRanchAcceptors", "shop", insertBeforePointOfNoReturn);
  it = runnable(it, "CheckRanchConnections", "shop", insertBeforePointOfNoReturn, acceptors);
  it = info(it, "suspend up", "suspend down", insertAfterPointOfNoReturn);
  it = runnable(it, "SuspendRanchAcceptors", "shop", appendAfterPointOfNoReturn, acceptors);
  it = runnable(it, "SuspendChannels", "shop", appendAfterPointOfNoReturn, connections);
  it = runnable(it, "FinishRunningRequests", "{shop,500}", appendAfterPointOfNoReturn, connections);
  it = info(it, "upgrade up", "upgrade down", appendAfterPointOfNoReturn);
  it = softPurge(it);
  it = info(it, "succeeded up", "succeeded down", append);
  it = info(it, "resume up", "resume down", append);
  it = runnable(it, "RerunFailedRequests", "shop", append, connections);
  it = runnable(it, "ResumeChannels", "shop", append, connections);
  it = runnable(it, "ResumeRanchAcceptors", "shop", append, acceptors);
  return info(it, "finished up", "finished down", append);
}

const READ = '{load_object_code,{shop,"0.2.0",[a,b]}}';
const apply = (name: string, argument: string) => texts([run(name, argument)])[0] as string;
const says = (text: string) => apply("Info", `<<"${text}">>`);

test("the up list", () => {
  const up = list(
    READ,
    "point_of_no_return",
    "{suspend,[b]}",
    "{load,{a,brutal_purge,brutal_purge}}",
    "{load,{b,brutal_purge,brutal_purge}}",
    "{code_change,up,[{b,[]}]}",
    "{resume,[b]}",
  );
  expect(texts(modified(both(up, [])).upInstructions)).toEqual([
    READ,
    says("check up"),
    apply("CheckProcessesRunningOldCode", "[a,b]"),
    apply("CheckRanchAcceptors", "shop"),
    apply("CheckRanchConnections", "shop"),
    "point_of_no_return",
    says("suspend up"),
    "{suspend,[b]}",
    apply("SuspendRanchAcceptors", "shop"),
    apply("SuspendChannels", "shop"),
    apply("FinishRunningRequests", "{shop,500}"),
    says("upgrade up"),
    "{load,{a,soft_purge,brutal_purge}}",
    "{load,{b,soft_purge,brutal_purge}}",
    "{code_change,up,[{b,[]}]}",
    "{resume,[b]}",
    says("succeeded up"),
    says("resume up"),
    apply("RerunFailedRequests", "shop"),
    apply("ResumeChannels", "shop"),
    apply("ResumeRanchAcceptors", "shop"),
    says("finished up"),
  ]);
});

test("the down list: the same skeleton, its own texts, code changed before it is loaded", () => {
  const down = list(
    READ,
    "point_of_no_return",
    "{suspend,[b]}",
    "{code_change,down,[{b,[]}]}",
    "{load,{b,brutal_purge,brutal_purge}}",
    "{load,{a,brutal_purge,brutal_purge}}",
    "{resume,[b]}",
  );
  expect(texts(modified(both([], down)).downInstructions)).toEqual([
    READ,
    says("check down"),
    apply("CheckProcessesRunningOldCode", "[a,b]"),
    apply("CheckRanchAcceptors", "shop"),
    apply("CheckRanchConnections", "shop"),
    "point_of_no_return",
    says("suspend down"),
    "{suspend,[b]}",
    apply("SuspendRanchAcceptors", "shop"),
    apply("SuspendChannels", "shop"),
    apply("FinishRunningRequests", "{shop,500}"),
    says("upgrade down"),
    "{code_change,down,[{b,[]}]}",
    "{load,{b,soft_purge,brutal_purge}}",
    "{load,{a,soft_purge,brutal_purge}}",
    "{resume,[b]}",
    says("succeeded down"),
    says("resume down"),
    apply("RerunFailedRequests", "shop"),
    apply("ResumeChannels", "shop"),
    apply("ResumeRanchAcceptors", "shop"),
    says("finished down"),
  ]);
});

test("edeliver's own modules, when they are new, are loaded before they run and removed after", () => {
  const names = ["Info", "CheckRanchAcceptors", "CheckRanchConnections", "ResumeChannels"];
  const loads = names.map((name) => `{load,{'${PREFIX}${name}',brutal_purge,brutal_purge}}`);
  const removes = names.flatMap((name) => [
    `{remove,{'${PREFIX}${name}',brutal_purge,brutal_purge}}`,
    `{purge,['${PREFIX}${name}']}`,
  ]);
  const { upInstructions, downInstructions } = modified(
    both(
      list(READ, "point_of_no_return", "{load,{a,brutal_purge,brutal_purge}}", ...loads),
      list(READ, "point_of_no_return", ...removes, "{load,{a,brutal_purge,brutal_purge}}"),
    ),
  );
  const [up, down] = [texts(upInstructions), texts(downInstructions)];
  for (const name of names) {
    const runs = (all: string[]) =>
      all.flatMap((text, at) => (text.startsWith(`{apply,{'${PREFIX}${name}',run`) ? [at] : []));
    const touch = (all: string[]) =>
      all.flatMap((text, at) =>
        /^{(load|remove|purge),/.test(text) && text.includes(`'${PREFIX}${name}'`) ? [at] : [],
      );
    expect(Math.max(...touch(up))).toBeLessThan(Math.min(...runs(up)));
    expect(Math.min(...touch(down))).toBeGreaterThan(Math.max(...runs(down)));
  }
  // What is checked before the point of no return needs its module there.
  const border = up.indexOf("point_of_no_return");
  expect(up.slice(0, border).filter((text) => text.startsWith("{load,"))).toHaveLength(3);
});
