/** A node in memory that answers what a unit test tells it to. */

import { BeamError } from "../../errors.ts";
import {
  type BeamNode,
  type CallContext,
  linkInMemory,
  Raise,
  type Server,
  type ServerHandlers,
} from "../../node/index.ts";
import { atom, binary, inspect, type Term, TermMap, TRUE } from "../../term/index.ts";
import { moduleName } from "../process/module-name.ts";
import { type ArgumentPattern, Expectation, type ScriptedCall } from "./scripted-call.ts";

/** How a scripted node is made. */
export interface ScriptedNodeOptions {
  /** Its name. Default `scripted@localhost`. */
  readonly name?: string | undefined;
}

/** A scripted node was not asked what was expected, or was asked more. */
export class UnmetExpectationError extends BeamError {
  readonly code = "BEAM_USAGE";
  /** Each in words. */
  readonly unmet: readonly string[];

  constructor(node: string, unmet: readonly string[]) {
    super(`${node} was not asked as expected:\n${unmet.map((each) => `- ${each}`).join("\n")}`, {
      node,
    });
    this.unmet = unmet;
  }
}

/**
 * A node in memory. `await using` closes its link; it does not verify.
 * @example
 * import { type ScriptedNode, scriptedNode } from "beamctl/testing";
 *
 * const shop: ScriptedNode = await scriptedNode();
 * shop.serve("Shop.Stock", { call: () => 12 });
 * await shop.node.genCall("Elixir.Shop.Stock", 1); // 12
 */
export class ScriptedNode implements AsyncDisposable {
  /** To be given to the code under test: a connected node by a real link, whose encoding, limits, timeouts and errors are those of any other. */
  readonly node: BeamNode;
  readonly #script: Script;
  readonly #serve: (name: string, handlers: ServerHandlers) => Server;

  /** @internal Use {@link scriptedNode}. */
  constructor(
    node: BeamNode,
    script: Script,
    serve: (name: string, handlers: ServerHandlers) => Server,
  ) {
    this.node = node;
    this.#script = script;
    this.#serve = serve;
  }

  /** Every call, cast and spawn that came, in its order. */
  get calls(): readonly ScriptedCall[] {
    return this.#script.calls;
  }

  /**
   * Expects a call. Of several expectations that fit, the first that may still come takes it.
   * @param module `Shop` or `Elixir.Shop` for Elixir's, `shop` for Erlang's
   * @param args a pattern for each argument; without it any arguments fit
   */
  on(module: string, fun: string, args?: readonly ArgumentPattern[]): Expectation {
    const expectation = new Expectation(moduleName(module), fun, args);
    this.#script.expected.push(expectation);
    return expectation;
  }

  /**
   * Starts a server there, for `genCall`, `genCast` and `send` to this name.
   * @throws UsageError when the name is taken
   */
  serve(name: string, handlers: ServerHandlers): Server {
    return this.#serve(moduleName(name), handlers);
  }

  /** @throws UnmetExpectationError when an expected call did not come as often as it should, or one came that was not expected */
  verify(): void {
    const missing = this.#script.expected.flatMap(({ missing: text }) => text ?? []);
    const odd = this.calls
      .filter(({ expected }) => !expected)
      .map((call) => `${textOf(call)} came, but was not expected`);
    const all = [...missing, ...odd];
    if (all.length > 0) throw new UnmetExpectationError(this.node.name, all);
  }

  /** Closes the link; it does not verify. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
  }
}

/**
 * Makes a node in memory for unit tests of code that is given a `BeamNode`: it answers what it is told by {@link ScriptedNode.on}, and refuses everything else with an error
 * that names the call. It runs no Erlang: what needs scripts on the node (`evaluate`, the other helpers) wants a real one, or their calls expected.
 * @throws UsageError when the name is no node name
 * @example
 * import { expect } from "vitest";
 * import { parse } from "beamctl/term";
 * import { scriptedNode, term } from "beamctl/testing";
 *
 * await using shop = await scriptedNode();
 * shop.on("Shop", "price", [term`%{sku: _}`]).reply(7).once();
 * expect(await shop.node.call("Elixir.Shop", "price", [parse('%{sku: "tea"}')])).toBe(7);
 * shop.verify();
 */
export async function scriptedNode({
  name = "scripted@localhost",
}: ScriptedNodeOptions = {}): Promise<ScriptedNode> {
  const script = new Script();
  const { node, serve } = await linkInMemory(
    name,
    (module, fun) => (args, context) => script.run(module, fun, args, context),
  );
  return new ScriptedNode(node, script, serve);
}

class Script {
  readonly calls: ScriptedCall[] = [];
  readonly expected: Expectation[] = [];

  async run(
    module: string,
    fun: string,
    args: readonly Term[],
    context: CallContext,
  ): Promise<Term> {
    const found = this.expected.find((one) => one.takes(module, fun, args));
    // Every link asks for it, for what it may start there: it has none.
    if (found === undefined && module === "erlang" && fun === "whereis" && args[0] === USER) {
      return atom("undefined");
    }
    const call = { module, function: fun, args, expected: found !== undefined };
    this.calls.push(call);
    if (found !== undefined) return found.answer(args, context);
    throw new Raise("error", unexpected(call, this.expected));
  }
}

const USER = atom("user");

/** As an exception of Elixir, whose message is part of the error that the caller sees. */
function unexpected(call: ScriptedCall, expected: readonly Expectation[]): Term {
  const known = expected.length === 0 ? "nothing is" : `expected are ${expected.join(", ")}`;
  return new TermMap([
    [atom("__struct__"), atom("Elixir.Beamctl.UnexpectedCallError")],
    [atom("__exception__"), TRUE],
    [atom("message"), binary(`${textOf(call)} was not expected; ${known}`)],
  ]);
}

function textOf({ module, function: fun, args }: ScriptedCall): string {
  return `${inspect(atom(module))}.${fun}(${args.map((arg) => inspect(arg, { limit: 10 })).join(", ")})`;
}
