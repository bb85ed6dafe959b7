/** Erlang text that runs on the node in one call: scanned and parsed there once per connection, evaluated by `erl_eval`. */

import { createHash } from "node:crypto";
import { Atom, atom, charlist, type Term, Tuple, textOf, tuple } from "../term/index.ts";
import { ScriptError, SourceError } from "./errors.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { checkReadOnly } from "./script-check.ts";

/** What a {@link Script} is made of. */
export interface ScriptOptions {
  readonly name: string;
  /** Erlang expressions, the last one its result, without a full stop. */
  readonly source: string;
  /** The variables that each run must bind. Default none. */
  readonly bindings?: readonly string[];
  /** Whether an {@link observer} may run it; then every call in it must be a known reading one. Default `false`. */
  readonly readOnly?: boolean;
}

/** A frozen piece of Erlang for {@link runScript}. */
export class Script {
  readonly name: string;
  readonly source: string;
  readonly bindings: readonly string[];
  readonly readOnly: boolean;
  /** Of the source, in hexadecimal. */
  readonly sha256: string;

  constructor({ name, source, bindings = [], readOnly = false }: ScriptOptions) {
    this.name = name;
    this.source = source;
    this.bindings = [...bindings];
    this.readOnly = readOnly;
    this.sha256 = createHash("sha256").update(source).digest("hex");
    if (readOnly) observing.set(guarded(this), this);
    Object.freeze(this);
  }
}

// The texts that an observer may have scanned, and the forms that came of them.
const observing = new Map<string, Script>();
const observed = new WeakSet<object>();
const parsed = new WeakMap<Remote, Map<string, Promise<readonly Term[]>>>();

/** Whether this text is that of a script registered as read-only. */
export function isReadOnlySource(source: string): boolean {
  return observing.has(source);
}

/** Whether these are the very forms that a read-only script was parsed to and that were checked. */
export function isReadOnlyForm(form: Term | undefined): boolean {
  return typeof form === "object" && observed.has(form);
}

/** The read-only scripts that exist, for the test that reads them all. */
export function readOnlyScripts(): Script[] {
  return [...observing.values()];
}

/**
 * Evaluates a script on the node and resolves to its value. Its variables stay on the node, and of an exception only class and head
 * leave it. The first run on a connection costs two more calls. As safe on a busy node as the script is.
 * @throws ScriptError when it raised
 */
export async function runScript(
  remote: Remote,
  script: Script,
  bindings: Readonly<Record<string, Term>> = {},
  options?: CallOptions,
): Promise<Term> {
  const [form] = await parse(remote, guarded(script), script, options);
  // erl_eval takes bindings as an orddict: sorted by name.
  const given = script.bindings.toSorted().map((name) => tuple(atom(name), bindings[name] as Term));
  const answer = await remote.call(
    "erl_eval",
    "expr",
    [form as Term, given, NONE, NONE, VALUE],
    options,
  );
  const [tag, value, reason] = answer instanceof Tuple ? answer.items : [];
  if (tag === OK) return value as Term;
  throw new ScriptError(
    remote.name,
    script.name,
    value instanceof Atom ? value.name : "error",
    reason instanceof Atom ? reason.name : "other",
  );
}

/**
 * The script's expressions as abstract forms, as `erl_eval:exprs/2` takes them: for those who spawn a process from them. Parsed on the
 * node, once per connection. The bindings to go with them are an orddict: sorted by name.
 */
export function formsOf(
  remote: Remote,
  script: Script,
  options?: CallOptions,
): Promise<readonly Term[]> {
  return parse(remote, `${script.source}.`, script, options);
}

/**
 * Parses any Erlang text on the node. The atoms in it are made there and never freed.
 * @throws SourceError when it is not Erlang
 */
export async function parseOn(
  remote: Remote,
  name: string,
  text: string,
  options?: CallOptions,
): Promise<readonly Term[]> {
  const scanned = await remote.call("erl_scan", "string", [charlist(text)], options);
  const [scan, tokens] = (scanned as Tuple).items;
  if (scan !== OK) throw await unreadable(remote, name, tokens as Term, options);
  const answer = await remote.call("erl_parse", "parse_exprs", [tokens as Term], options);
  const [parse, forms] = (answer as Tuple).items;
  if (parse !== OK) throw await unreadable(remote, name, forms as Term, options);
  return forms as readonly Term[];
}

const NONE: Atom = atom("none");
const VALUE: Atom = atom("value");
const OK: Atom = atom("ok");

/** Nothing but the value and the head of a reason may leave the node: states and dictionaries pass through these scripts. */
function guarded(script: Script): string {
  return `try begin
${script.source}
end of ScriptValue -> {ok, ScriptValue}
catch ScriptClass:ScriptReason ->
  {failed, ScriptClass, if is_atom(ScriptReason) -> ScriptReason;
                           is_atom(element(1, ScriptReason)) -> element(1, ScriptReason);
                           true -> other end}
end.`;
}

function parse(
  remote: Remote,
  text: string,
  script: Script,
  options: CallOptions | undefined,
): Promise<readonly Term[]> {
  let known = parsed.get(remote);
  if (known === undefined) parsed.set(remote, (known = new Map()));
  const found = known.get(text);
  if (found !== undefined) return found;
  // Without the signal: others may wait for the same forms.
  const limits = options?.timeout === undefined ? {} : { timeout: options.timeout };
  const fresh = parseOn(remote, `the script ${script.name}`, text, limits).then((forms) => {
    if (script.readOnly) {
      checkReadOnly(remote.name, script.name, forms);
      for (const form of forms) observed.add(form as object);
    }
    return forms;
  });
  known.set(text, fresh);
  fresh.catch(() => known.delete(text)); // a lost call must not spoil the connection's later runs
  return fresh;
}

async function unreadable(
  remote: Remote,
  name: string,
  info: Term,
  options: CallOptions | undefined,
): Promise<SourceError> {
  // {Line, Module, Descriptor}: the module turns its own descriptor into words.
  const [line, module, descriptor] = info instanceof Tuple ? info.items : [];
  if (!(module instanceof Atom) || descriptor === undefined) {
    return new SourceError(remote.name, name, "not Erlang");
  }
  const words = await remote.call(module.name, "format_error", [descriptor], options);
  const at = typeof line === "number" ? `line ${line}: ` : "";
  return new SourceError(remote.name, name, at + (textOf(words) ?? "not Erlang"));
}
