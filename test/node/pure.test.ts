/** The parts that only read terms and text: results of calls, stacks, outlines, I/O requests, what others ask, addresses. */

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { parseAddress, parseNodeName } from "../../src/node/address.ts";
import { erpcOutcome, rexOutcome } from "../../src/node/call-results.ts";
import { readIoRequest } from "../../src/node/io-request.ts";
import { outline } from "../../src/node/outline.ts";
import { stackFrames } from "../../src/node/remote-error.ts";
import { atom, binary, charlist, type Term, TermMap, tuple } from "../../src/term/index.ts";

const FRAME = tuple(atom("lists"), atom("nth"), 2, [
  tuple(atom("file"), charlist("lists.erl")),
  tuple(atom("line"), 42),
]);

describe("results of erpc", () => {
  it.each<[string, Term, object]>([
    ["a value", tuple(1, atom("return"), 5), { value: 5 }],
    ["a throw", tuple(1, atom("throw"), 5), { kind: "throw", reason: 5 }],
    ["an exit", tuple(1, atom("exit"), 5), { kind: "exit", reason: 5 }],
    ["an error", tuple(1, atom("error"), 5, [FRAME]), { kind: "error", reason: 5, stack: [FRAME] }],
    ["a signal", atom("killed"), { kind: "exit", reason: tuple(atom("signal"), atom("killed")) }],
    [
      "another's result",
      tuple(2, atom("return"), 5),
      { kind: "exit", reason: tuple(atom("signal"), tuple(2, atom("return"), 5)) },
    ],
  ])("%s", (_name, reason, outcome) => {
    expect(erpcOutcome(reason, 1)).toEqual(outcome);
  });
});

describe("results of rex", () => {
  const badrpc = (why: Term): Term => tuple(atom("badrpc"), tuple(atom("EXIT"), why));

  it.each<[string, Term, object]>([
    ["a value", atom("ok"), { value: atom("ok") }],
    ["an exit", badrpc(atom("gone")), { kind: "exit", reason: atom("gone") }],
    [
      "an error",
      badrpc(tuple(atom("badarg"), [FRAME])),
      { kind: "error", reason: atom("badarg"), stack: [FRAME] },
    ],
    [
      "an exit that looks like one",
      badrpc(tuple(atom("badarg"), [1])),
      { kind: "exit", reason: tuple(atom("badarg"), [1]) },
    ],
    [
      "a refusal",
      tuple(atom("badrpc"), atom("nodedown")),
      { kind: "error", reason: tuple(atom("badrpc"), atom("nodedown")) },
    ],
  ])("%s", (_name, result, outcome) => {
    expect(rexOutcome(result)).toEqual(outcome);
  });
});

describe("stacks", () => {
  it("keep module, function, arity and place, never arguments", () => {
    const withArguments = tuple(atom("m"), atom("f"), [binary("secret"), 2], []);
    expect(stackFrames([FRAME, withArguments, atom("junk"), tuple(1, 2, 3, 4)])).toEqual([
      { module: "lists", function: "nth", arity: 2, file: "lists.erl", line: 42 },
      { module: "m", function: "f", arity: 2 },
    ]);
    expect(stackFrames(atom("none"))).toEqual([]);
  });
});

describe("outlines", () => {
  it.each<[Term, string]>([
    [
      tuple(atom("badmatch"), tuple(atom("error"), atom("enoent"))),
      "{:badmatch, {:error, :enoent}}",
    ],
    [
      tuple(atom("bad"), binary("secret"), [1], [], new TermMap()),
      '{:bad, "...", [...], [], %{...}}',
    ],
    [tuple(1, 2, 3, 4, 5, 6, 7), "{1, 2, 3, 4, 5, 6, ...}"],
    [tuple(tuple(tuple(tuple(tuple(1))))), "{{{{{...}}}}}"],
    [
      new TermMap([
        [atom("__struct__"), atom("Elixir.ArgumentError")],
        [atom("__exception__"), atom("true")],
        [atom("message"), binary("no such thing")],
      ]),
      "(ArgumentError) no such thing",
    ],
  ])("of %#", (term, text) => {
    expect(outline(term)).toBe(text);
  });
});

describe("I/O requests", () => {
  const error = (why: string) => ({ type: "answer", reply: tuple(atom("error"), atom(why)) });
  const put = atom("put_chars");
  const format = [charlist("~p"), [1]];

  it.each<[Term, object]>([
    [tuple(put, atom("unicode"), [binary("ä"), 98]), { type: "put", text: "äb" }],
    [tuple(put, atom("latin1"), Uint8Array.of(0xe4)), { type: "put", text: "ä" }],
    [tuple(put, charlist("old")), { type: "put", text: "old" }],
    [
      tuple(put, atom("unicode"), atom("io_lib"), atom("format"), format),
      { type: "format", args: format, latin1: false },
    ],
    [tuple(put, atom("unicode"), atom("os"), atom("cmd"), [charlist("ls")]), error("request")],
    [tuple(atom("requests"), [1]), { type: "many", requests: [1] }],
    [tuple(atom("get_line"), atom("unicode"), binary(">")), { type: "answer", reply: atom("eof") }],
    [atom("getopts"), error("enotsup")],
    [tuple(atom("get_geometry"), atom("columns")), error("enotsup")],
    [tuple(atom("nonsense")), error("request")],
    [5, error("request")],
  ])("%#", (request, read) => {
    expect(readIoRequest(request)).toEqual(read);
  });
});

describe("names and addresses", () => {
  it("are read as they are written", () => {
    expect(parseNodeName("shop@10.0.0.7")).toEqual({ name: "shop", host: "10.0.0.7" });
    expect(parseAddress("host:9100")).toEqual({ host: "host", port: 9100 });
    expect(parseAddress("[::1]:9100")).toEqual({ host: "::1", port: 9100 });
    expect(parseAddress({ host: "h", port: 1 })).toEqual({ host: "h", port: 1 });
  });

  it.each(["", "shop", "@host", "shop@", "a@b@c"])("%j is no node name", (name) => {
    expect(() => parseNodeName(name)).toThrow(UsageError);
  });

  it.each(["", "host", "host:", ":80", "::1:80", "host:http"])("%j is no address", (text) => {
    expect(() => parseAddress(text)).toThrow(UsageError);
  });
});
