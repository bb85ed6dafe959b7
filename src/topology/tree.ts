/** The supervision tree, in one call. */

import { Answer, BATCH, type Remote, runScript, Script } from "../otp/index.ts";
import { Atom, atom, inspect, type Pid, type Term } from "../term/index.ts";
import { around, type LookOptions } from "./adapter.ts";
import { TopologyError } from "./errors.ts";

/** One place in the tree. */
export interface SupervisionNode {
  /** The child id as text; of a root the name of its application. Children stand in the order of their start. */
  readonly id: string;
  /** The registered name as text, unless it is the id. */
  readonly name: string | undefined;
  /** `undefined` while it does not run. */
  readonly pid: Pid | undefined;
  readonly type: "supervisor" | "worker";
  /** `false` for a supervisor that did not answer in time: what is below it is not known. */
  readonly answered: boolean;
  readonly children: readonly SupervisionNode[];
}

/** Options of {@link supervisionTree}. */
export interface TreeOptions extends LookOptions {
  /** Only this application's tree. Default those of all that are started. */
  readonly application?: string;
}

/**
 * The trees of the started applications, each with its top supervisor as root. Read-only; only supervisors are asked, all of one level at
 * once, and one that does not answer costs `wait` milliseconds once per level.
 * @throws TopologyError when the application is not started or has no processes
 * @example
 * import { type SupervisionNode, supervisionTree } from "beamctl";
 *
 * const show = ({ id, pid, children }: SupervisionNode, depth = 0): void => {
 *   console.log(`${"  ".repeat(depth)}${id} ${pid}`);
 *   for (const child of children) show(child, depth + 1);
 * };
 * for (const root of await supervisionTree(node, { application: "shop" })) show(root);
 */
export async function supervisionTree(
  remote: Remote,
  options: TreeOptions = {},
): Promise<SupervisionNode[]> {
  const { wait, call } = around(options);
  const { application } = options;
  const bindings = { Wait: wait, Only: application === undefined ? [] : [atom(application)] };
  const answer = new Answer(remote, TREE.name);
  const result = answer.list(await runScript(remote, TREE, bindings, call));
  if (result.length === 0) {
    throw new TopologyError(
      application === undefined
        ? "no application has a supervision tree"
        : `the application ${application} is not started, or has no processes`,
      { node: remote.name, remedy: "`beamctl info` lists the applications that run." },
    );
  }
  return result.map((root) => {
    const top = branch(answer, root);
    return { ...top, id: top.id.replace(/^:/, "") }; // an application is known without the colon
  });
}

// As deep as the tree itself: the script stops at 32 levels.
function branch(answer: Answer, term: Term): SupervisionNode {
  const [id, name, pid, type, answered, children] = answer.tuple(term, 6);
  const label = inspect(id as Term, { limit: 20 });
  const registered = name instanceof Atom && name.name !== "none" ? inspect(name) : undefined;
  return {
    id: label,
    name: registered === label ? undefined : registered,
    pid: answer.maybePid(pid),
    type: answer.atom(type) === "supervisor" ? "supervisor" : "worker",
    answered: answer.boolean(answered),
    children: answer.list(children).map((child) => branch(answer, child)),
  };
}

// Asked is only what calls itself a supervisor and was started as one: Cowboy's connections say the first and are not.
const TREE: Script = new Script({
  name: "supervision_tree",
  bindings: ["Wait", "Only"],
  readOnly: true,
  source: `
${BATCH}
Name = fun(Pid) when is_pid(Pid) -> case process_info(Pid, registered_name) of {_, Name} -> Name; _ -> none end; (_) -> none end,

%% Level by level: Known gathers the children of every supervisor.
Walk = fun Walk([], _, Known) -> Known;
           Walk(_, 0, Known) -> Known;
           Walk(Sups, Depth, Known) ->
    Answers = Children(Sups, Now() + Wait),
    Next = [Pid || {_, Kids} <- Answers, is_list(Kids), {_, Pid, supervisor, _} <- Kids, is_pid(Pid), node(Pid) =:= node(),
                   IsSupervisor(Pid)],
    Walk(Next, Depth - 1, maps:merge(Known, maps:from_list(Answers)))
end,
Build = fun Build(Id, Pid, Type, Known) ->
    case maps:get(Pid, Known, []) of
        Kids when is_list(Kids) -> {Id, Name(Pid), Pid, Type, true, [Build(KidId, Kid, KidType, Known) || {KidId, Kid, KidType, _} <- lists:reverse(Kids)]};
        timeout -> {Id, Name(Pid), Pid, Type, false, []};
        gone -> {Id, none, undefined, Type, true, []}
    end
end,
Apps = case Only of [] -> lists:sort([App || {App, _, _} <- application:which_applications(2000)]); _ -> Only end,
Roots = TopsOf(Apps),
Known = Walk([Top || {_, Top} <- Roots, IsSupervisor(Top)], 32, #{}),
[Build(App, Top, supervisor, Known) || {App, Top} <- Roots]`,
});
