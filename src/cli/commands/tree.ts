/** `beamctl tree`: the supervision tree, of one application or all. */

import { type SupervisionNode, supervisionTree } from "../../topology/index.ts";
import type { Run } from "../command.ts";
import type { Json } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import type { Branch } from "../output/rows.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, _local, [application]) =>
  observe(globals, async ({ remote }) => {
    const roots = await supervisionTree(remote, application === undefined ? {} : { application });
    const root: Branch = { label: remote.name, children: roots.map(branch) };
    new Printer(globals).tree(root, () => roots.map(toJson));
    return undefined;
  });

function branch(node: SupervisionNode): Branch {
  const name = node.name === undefined ? "" : ` ${node.name}`;
  const pid = node.pid === undefined ? "not running" : String(node.pid);
  const state = node.answered ? "" : " (does not answer)";
  return { label: `${node.id}${name} ${pid}${state}`, children: node.children.map(branch) };
}

function toJson(node: SupervisionNode): Json {
  return {
    id: node.id,
    name: node.name ?? null,
    pid: node.pid === undefined ? null : String(node.pid),
    type: node.type,
    answered: node.answered,
    children: node.children.map(toJson),
  };
}
