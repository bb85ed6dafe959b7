/** What reading needs in both syntaxes: the node whose pids are written, how its pids, ports and references are read, and variables. */

import { atom } from "./atom.ts";
import type { Scanner } from "./scanner.ts";
import type { Term } from "./term.ts";
import { Pid, Port, Reference } from "./values.ts";

/** Whose pids, ports and references may be written, and what variables stand for, if they may be written. */
export interface ParseContext {
  readonly node: string | undefined;
  readonly creation: number | undefined;
  readonly variable: ((name: string) => Term) | undefined;
}

const HOLE = /\$\{[0-9]{1,6}\}/y;

const IDENTITY = /(#PID|#Port|#Reference|#Ref|)<([^<>]*)>/y;
const NUMBERS = /^[0-9]{1,20}(\.[0-9]{1,20}){0,4}$/;

/** What the variable or hole here stands for; `undefined` when there is none, or when none may be written. */
export function variable(scanner: Scanner, context: ParseContext, names: RegExp): Term | undefined {
  if (context.variable === undefined) return undefined;
  const found = scanner.match(HOLE) ?? scanner.match(names);
  return found === undefined ? undefined : context.variable(found[0]);
}

/** Whether a pid, port or reference begins here, in the form of either language. */
export function startsIdentity(scanner: Scanner): boolean {
  const { source, offset, next } = scanner;
  if (next !== "#" && next !== "<") return false;
  return /^(#(PID|Port|Reference|Ref))?<(?!<)/.test(source.slice(offset, offset + 12));
}

/** `#PID<0.512.0>`, `<0.512.0>`, `#Port<0.5>`, `#Reference<0.1.2.3>` or `#Ref<0.1.2.3>`. */
export function identity(scanner: Scanner, context: ParseContext): Pid | Port | Reference {
  const offset = scanner.offset;
  const found = scanner.match(IDENTITY);
  if (found === undefined) return scanner.fail("a pid such as #PID<0.512.0>");
  const { node, creation } = context;
  if (node === undefined || creation === undefined) {
    return scanner.fail("no pid, port or reference", {
      offset,
      remedy: "they belong to one running node: connect to it first, or give its name and creation",
    });
  }
  const [, kind = "", inside = ""] = found;
  const prefix = [`${node}.`, "0."].find((start) => inside.startsWith(start));
  const rest = prefix === undefined ? "" : inside.slice(prefix.length);
  if (!NUMBERS.test(rest)) {
    return scanner.fail(`numbers of ${node} such as <0.512.0>`, {
      offset,
      remedy:
        "a pid, port or reference of any other node cannot be written: its creation is not known",
    });
  }
  const numbers = rest.split(".").map(BigInt);
  const words = numbers.map(Number);
  const small = words.every((word) => word <= 0xffffffff);
  const [id = 0, serial = 0] = words;
  if ((kind === "#PID" || kind === "") && words.length === 2 && small) {
    return new Pid(atom(node), id, serial, creation);
  }
  if (kind === "#Port" && words.length === 1 && (numbers[0] as bigint) < 1n << 64n) {
    return new Port(atom(node), numbers[0] as bigint, creation);
  }
  if (kind.startsWith("#Ref") && small) {
    return new Reference(atom(node), creation, words.toReversed());
  }
  return scanner.fail("as many numbers, each as large, as such an identifier has", { offset });
}
