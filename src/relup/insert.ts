/**
 * Where instructions go in a relup: edeliver's `InsertInstruction`. Each takes the lists of both directions or one list, and one instruction
 * or several, which keep their order. Where the place is missing from a list, they go to its end.
 */

import { Atom, equals } from "../term/index.ts";
import {
  type Added,
  type InsertFun,
  type Instruction,
  type Instructions,
  isBoth,
  loadedModule,
  partsOf,
  runnableModule,
} from "./instruction.ts";
import { modifies } from "./modifies.ts";

type List = readonly Instruction[];

/** As {@link InsertFun}, at an instruction that is already there. */
export interface InsertAtFun {
  (instructions: Instructions, added: Added, existing: Instruction): Instructions;
  (
    instructions: readonly Instruction[],
    added: Added,
    existing: Instruction,
  ): readonly Instruction[];
}

/**
 * `insert_before_point_of_no_return`: directly before it, on the same side in both lists. Several calls keep the order of the calls. What
 * stands there only refuses an upgrade when it fails, and runs twice: at the check and at the install.
 * @example
 * import { insertBeforePointOfNoReturn } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * insertBeforePointOfNoReturn([atom("point_of_no_return")], log); // => [ {:apply, {:io, :nl, []}}, :point_of_no_return ]
 */
export const insertBeforePointOfNoReturn: InsertFun = insertFun(pointOfNoReturn);

/**
 * `insert_after_point_of_no_return`: the first thing after it, in both lists. So the last of several calls stands first. What fails from
 * here on restarts the node.
 * @example
 * import { insertAfterPointOfNoReturn } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * insertAfterPointOfNoReturn([atom("point_of_no_return")], log); // => [ :point_of_no_return, {:apply, {:io, :nl, []}} ]
 */
export const insertAfterPointOfNoReturn: InsertFun = insertFun((list) => pointOfNoReturn(list) + 1);

/**
 * `insert_after_load_object_code`: after the last of them. So the last of several calls stands first.
 * @example
 * import { insertAfterLoadObjectCode } from "beamctl/instructions";
 * import { atom, charlist, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * const read = tuple(atom("load_object_code"), tuple(atom("shop"), charlist("0.2.0"), []));
 * insertAfterLoadObjectCode([read, atom("point_of_no_return")], log); // => [ {:load_object_code, {:shop, ~c"0.2.0", []}}, {:apply, {:io, :nl, []}}, :point_of_no_return ]
 */
export const insertAfterLoadObjectCode: InsertFun = insertFun((list) => {
  const at = list.findLastIndex((instruction) => partsOf(instruction).tag === "load_object_code");
  return at < 0 ? list.length : at + 1;
});

/**
 * `append_after_point_of_no_return`: after it, and before the first instruction that modifies code, processes or applications. A load
 * that is directly followed by the run of the module it loads is passed over. Several calls keep the order of the calls. A `suspend` is no
 * modification: in a list of OTP what is inserted lands behind its first `{suspend, [Mod]}`, as with edeliver.
 * @example
 * import { appendAfterPointOfNoReturn } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * const load = tuple(atom("load_module"), atom("Elixir.Shop.Page"));
 * appendAfterPointOfNoReturn([atom("point_of_no_return"), load], log); // => [ :point_of_no_return, {:apply, {:io, :nl, []}}, {:load_module, Shop.Page} ]
 */
export const appendAfterPointOfNoReturn: InsertFun = insertFun((list) => {
  for (let at = pointOfNoReturn(list) + 1; at < list.length; at++) {
    const instruction = list[at] as Instruction;
    if (loadsForTheNext(instruction, list[at + 1])) continue;
    if (modifies(instruction)) return at;
  }
  return list.length;
});

/**
 * `append`: at the end.
 * @example
 * import { append } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * const load = tuple(atom("load_module"), atom("Elixir.Shop.Page"));
 * append([atom("point_of_no_return"), load], log); // => [ :point_of_no_return, {:load_module, Shop.Page}, {:apply, {:io, :nl, []}} ]
 */
export const append: InsertFun = insertFun((list) => list.length);

/**
 * `insert_before_instruction`: before the first one that equals `existing`. Of both lists the down list is mirrored: there it goes
 * after it.
 * @example
 * import { insertBeforeInstruction } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * const load = tuple(atom("load_module"), atom("Elixir.Shop.Page"));
 * insertBeforeInstruction([atom("point_of_no_return"), load], log, load); // => [ :point_of_no_return, {:apply, {:io, :nl, []}}, {:load_module, Shop.Page} ]
 */
export const insertBeforeInstruction: InsertAtFun = insertAtFun(before, after);

/**
 * `insert_after_instruction`: after the first one that equals `existing`; in the down list of both before it.
 * @example
 * import { insertAfterInstruction } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const log = tuple(atom("apply"), tuple(atom("io"), atom("nl"), []));
 * const load = tuple(atom("load_module"), atom("Elixir.Shop.Page"));
 * insertAfterInstruction([load, atom("point_of_no_return")], log, load); // => [ {:load_module, Shop.Page}, {:apply, {:io, :nl, []}}, :point_of_no_return ]
 */
export const insertAfterInstruction: InsertAtFun = insertAtFun(after, before);

function insertFun(place: (list: List) => number): InsertFun {
  function insert(instructions: Instructions, added: Added): Instructions;
  function insert(instructions: List, added: Added): List;
  function insert(instructions: Instructions | List, added: Added): Instructions | List {
    const change = (list: List) => insertAt(list, place(list), added);
    if (!isBoth(instructions)) return change(instructions);
    const { upInstructions, downInstructions } = instructions;
    return {
      ...instructions,
      upInstructions: change(upInstructions),
      downInstructions: change(downInstructions),
    };
  }
  return insert;
}

type Place = (list: List, existing: Instruction) => number;

function insertAtFun(up: Place, down: Place): InsertAtFun {
  function insert(instructions: Instructions, added: Added, existing: Instruction): Instructions;
  function insert(instructions: List, added: Added, existing: Instruction): List;
  function insert(
    instructions: Instructions | List,
    added: Added,
    existing: Instruction,
  ): Instructions | List {
    if (!isBoth(instructions)) return insertAt(instructions, up(instructions, existing), added);
    const { upInstructions, downInstructions } = instructions;
    return {
      ...instructions,
      upInstructions: insertAt(upInstructions, up(upInstructions, existing), added),
      downInstructions: insertAt(downInstructions, down(downInstructions, existing), added),
    };
  }
  return insert;
}

function insertAt(list: List, index: number, added: Added): List {
  const several: List = Array.isArray(added) ? (added as List) : [added as Instruction];
  return [...list.slice(0, index), ...several, ...list.slice(index)];
}

function before(list: List, existing: Instruction): number {
  const at = list.findIndex((instruction) => equals(instruction, existing));
  return at < 0 ? list.length : at;
}

function after(list: List, existing: Instruction): number {
  return before(list, existing) + 1; // beyond the end is the end
}

/** Where the first point of no return stands; the end of the list when there is none. */
export function pointOfNoReturn(list: List): number {
  const at = list.findIndex(
    (instruction) => instruction instanceof Atom && instruction.name === "point_of_no_return",
  );
  return at < 0 ? list.length : at;
}

function loadsForTheNext(instruction: Instruction, next: Instruction | undefined): boolean {
  const module = loadedModule(instruction);
  return module !== undefined && next !== undefined && runnableModule(next) === module;
}
