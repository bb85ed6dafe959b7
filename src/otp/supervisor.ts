/** OTP's `supervisor`: children seen, counted, ended and started again. */

import { RemoteError } from "../node/index.ts";
import { Atom, type Pid, type Term, Tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";

/** A child as `which_children` shows it. */
export interface SupervisorChild {
  readonly id: Term;
  /** `undefined` while it is terminated or restarts. */
  readonly pid: Pid | undefined;
  readonly type: "worker" | "supervisor";
  /** `dynamic` for an event manager and the like: such a process is asked for its modules during an upgrade. */
  readonly modules: readonly string[] | "dynamic";
}

/** What `count_children` counts. */
export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/**
 * `which_children/1`. Read-only, but a suspended supervisor never answers: the wait ends, the asking process on the node stays.
 * Never give it a connection: some die of the question.
 */
export async function whichChildren(
  remote: Remote,
  supervisor: Pid | Atom,
  options?: CallOptions,
): Promise<SupervisorChild[]> {
  const answer = new Answer(remote, "supervisor:which_children/1");
  return answer
    .list(await remote.call("supervisor", "which_children", [supervisor], options))
    .map((child) => {
      const [id, pid, type, modules] = answer.tuple(child, 4);
      return {
        id: id as Term,
        pid: answer.maybePid(pid),
        type: answer.atom(type) === "supervisor" ? "supervisor" : "worker",
        modules:
          modules instanceof Atom
            ? "dynamic"
            : answer.list(modules).map((module) => answer.atom(module)),
      };
    });
}

/** `count_children/1`. Read-only; the same remark as for {@link whichChildren}. */
export async function countChildren(
  remote: Remote,
  supervisor: Pid | Atom,
  options?: CallOptions,
): Promise<ChildCounts> {
  const answer = new Answer(remote, "supervisor:count_children/1");
  const counts = new Map(
    answer
      .list(await remote.call("supervisor", "count_children", [supervisor], options))
      .map((pair) => {
        const [key, count] = answer.tuple(pair, 2);
        return [answer.atom(key), answer.integer(count)] as const;
      }),
  );
  const of = (key: string): number => counts.get(key) ?? 0;
  return {
    specs: of("specs"),
    active: of("active"),
    supervisors: of("supervisors"),
    workers: of("workers"),
  };
}

/**
 * `terminate_child/2`: ends a child, which stays known and is not restarted. Changes the node.
 * @returns whether such a child was there
 */
export async function terminateChild(
  remote: Remote,
  supervisor: Pid | Atom,
  id: Term,
  options?: CallOptions,
): Promise<boolean> {
  const result = await remote.call("supervisor", "terminate_child", [supervisor, id], options);
  return result instanceof Atom && result.name === "ok";
}

/**
 * `restart_child/2`: starts a terminated child again. One that runs is as wished, so it can be asked twice. Changes the node.
 * @returns its pid, or `undefined` when it ran already
 * @throws RemoteError when it cannot be started or is not known
 */
export async function restartChild(
  remote: Remote,
  supervisor: Pid | Atom,
  id: Term,
  options?: CallOptions,
): Promise<Pid | undefined> {
  const answer = new Answer(remote, "supervisor:restart_child/2");
  const result = await remote.call("supervisor", "restart_child", [supervisor, id], options);
  const [tag, value] = result instanceof Tuple ? result.items : [];
  if (answer.atom(tag) === "ok") return answer.maybePid(value);
  if (value instanceof Atom && (value.name === "running" || value.name === "restarting")) {
    return undefined;
  }
  throw new RemoteError(remote.name, "supervisor:restart_child/2", {
    kind: "error",
    reason: result,
  });
}
