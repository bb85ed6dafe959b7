/** Waiting until an expression holds on the node. */

import {
  type EvaluateOptions,
  hasElixir,
  orddict,
  readErlang,
  Script,
  SourceError,
} from "../../otp/index.ts";
import { Atom, atom, binary, type Term, Tuple, textOf } from "../../term/index.ts";
import { WAIT } from "../process/probe-source.ts";
import { nodeOf, type Target } from "../target.ts";
import { MATCHES, MATCHES_BINDINGS, matchForm } from "../terms/pattern-form.ts";
import { shown } from "../terms/pattern-text.ts";
import type { TermPattern } from "../terms/term-pattern.ts";
import { WAIT_BINDINGS, WaitError, type Waited, type WaitForOptions, waitOn } from "./wait.ts";

/** Options of {@link eventually}. */
export interface EventuallyOptions
  extends WaitForOptions,
    Pick<EvaluateOptions, "language" | "bindings"> {
  /** What the value must match. Default: anything but `false`, `nil` and `undefined`. */
  readonly matches?: TermPattern | undefined;
  /** Milliseconds between the end of a try and the next. Default 1, 2, 4, then 50. */
  readonly interval?: number | undefined;
}

const EVENTUALLY: Script = new Script({
  name: "eventually",
  bindings: [
    "Language",
    "Code",
    "Bound",
    "Any",
    "First",
    "Most",
    ...WAIT_BINDINGS,
    ...MATCHES_BINDINGS,
  ],
  source: `
${WAIT}
${MATCHES}
Told = fun(Class, Reason, Stack) -> case Language of
    elixir -> 'Elixir.Exception':format_banner(Class, Reason, Stack);
    erlang -> unicode:characters_to_binary(io_lib:format("~ts: ~tP", [Class, Reason, 30]))
end end,
%% More tries do not mend what cannot be compiled.
IsFinal = fun(#{'__struct__' := 'Elixir.CompileError'}) -> true; ({unbound, _}) -> true; ({unbound_var, _}) -> true; (_) -> false end,
IsGood = fun(Value) -> case Any of true -> not lists:member(Value, [false, nil, undefined]); false -> Matches(Value) end end,
Run = case Language of
    elixir -> try 'Elixir.Code':'string_to_quoted!'(Code) of Quoted -> fun() -> element(1, 'Elixir.Code':eval_quoted(Quoted, Bound)) end
        catch Kind:Problem -> {unreadable, Told(Kind, Problem, [])} end;
    erlang -> fun() -> erl_eval:expr({block, 1, Code}, Bound, none, none, value) end
end,
Try = fun() ->
    try Run() of Value -> case IsGood(Value) of true -> {done, {value, Value}}; false -> {value, Value} end
    catch Class:Reason:Stack -> case IsFinal(Reason) of
        true -> {done, {unreadable, Told(Class, Reason, Stack)}};
        false -> {raised, Told(Class, Reason, Stack)}
    end end
end,
%% Each in a process of its own, which ends with this one: it may hang, or be ended by what it linked to.
Self = self(),
process_flag(trap_exit, true),
Look = fun(Left) ->
    Tag = make_ref(),
    {Worker, Watch} = spawn_opt(fun() -> Self ! {Tag, Try()} end, [link, monitor]),
    Seen = receive
        {Tag, Outcome} -> Outcome;
        {'DOWN', Watch, process, _, Why} -> {raised, Told(exit, Why, [])}
    after Left -> exit(Worker, kill), {hung, get(beamctl_last)}
    end,
    erlang:demonitor(Watch, [flush]),
    receive {'EXIT', Worker, _} -> put(beamctl_last, Seen), Seen end
end,
case Run of
    {unreadable, _} -> {done, Run, 0};
    _ -> case WaitEvery(Look, Clock() + Time, First, Most) of
        {late, {value, Big}, Tries} ->
            case erts_debug:flat_size(Big) > 100000 of true -> {late, {large, Tries}, Tries}; false -> {late, {value, Big}, Tries} end;
        Found -> Found
    end
end`,
});

/**
 * Evaluates an expression on the node until it gives something true, or something that matches; resolves to that value. What it raises counts
 * as not yet. All tries are made there in one call, each in a process of its own, so it can be waited for far away; each does whatever the text says,
 * and one that hangs is killed when the time is up. In production only with expressions that read and cost little.
 * @example
 * import { atom } from "beamctl/term";
 * import { eventually, term } from "beamctl/testing";
 *
 * await eventually(node, "Process.whereis(Shop.Cart) != nil");
 * const count = await eventually(node, "length(:sys.get_state(cart).items)", {
 *   bindings: { cart: atom("Elixir.Shop.Cart") },
 *   matches: term`3`,
 *   timeout: 2_000,
 * });
 * @throws WaitError when it did not in `timeout` (default 5000 ms): with the last value, or what was raised, and the number of tries
 * @throws SourceError when the text cannot be read or compiled
 * @throws UsageError when the pattern holds a JavaScript function
 * @throws AbortedError NodeDownError
 */
export async function eventually(
  target: Target,
  expression: string,
  options: EventuallyOptions = {},
): Promise<Term> {
  const node = nodeOf(target);
  const { bindings = {}, matches, interval, language } = options;
  const elixir = (language ?? ((await hasElixir(node)) ? "elixir" : "erlang")) === "elixir";
  const given = {
    Language: atom(elixir ? "elixir" : "erlang"),
    Code: elixir ? binary(expression) : await readErlang(node, expression, {}),
    Bound: orddict(bindings),
    Any: atom(String(matches === undefined)),
    First: Math.max(1, Math.ceil(interval ?? 1)),
    Most: Math.max(1, Math.ceil(interval ?? 50)),
    ...matchForm(matches),
  };
  const waited = await waitOn(node, EVENTUALLY, given, options);
  const { done, value } = waited;
  if (!done) throw lateValue(node.name, expression, matches, waited);
  const [tag, found] = (value as Tuple).items;
  if (tag === atom("value")) return found as Term;
  throw new SourceError(node.name, "the expression", textOf(found as Term) ?? "");
}

function lateValue(
  node: string,
  expression: string,
  matches: TermPattern | undefined,
  { value, looks, timeout }: Waited,
): WaitError {
  const wanted = matches === undefined ? "was not true" : `did not match ${String(matches)}`;
  const tries = `${looks} ${looks === 1 ? "try" : "tries"}`;
  const start = `${cut(expression)} ${wanted} on ${node} within ${timeout} ms (${tries})`;
  const hung = kindOf(value) === "hung";
  const [text, last] = outcomeText(hung ? ((value as Tuple).items[1] as Term) : value, matches);
  const end = hung ? "\nthe last try had not ended and was killed" : "";
  return new WaitError(start + text + end, { node, milliseconds: timeout, looks, last });
}

function outcomeText(outcome: Term, matches: TermPattern | undefined): [string, Term?] {
  const found = outcome instanceof Tuple ? (outcome.items[1] as Term) : undefined;
  if (found === undefined) return [""];
  if (kindOf(outcome) === "large") return ["\nthe last value is too large to be shown"];
  if (kindOf(outcome) === "raised") return [`\nlast raised: ${cut(textOf(found) ?? "")}`];
  const mismatch = matches?.explain(found);
  const why = mismatch?.path
    ? `\nat ${mismatch.path}\nexpected: ${mismatch.expected}\ngot: ${mismatch.got}`
    : "";
  return [`${why}\nlast value: ${shown(found, matches?.syntax)}`, found];
}

function kindOf(outcome: Term): string {
  const tag = outcome instanceof Tuple ? outcome.items[0] : undefined;
  return tag instanceof Atom ? tag.name : "";
}

function cut(text: string): string {
  const line = text.trim();
  return line.length > 400 ? `${line.slice(0, 400)}...` : line;
}
