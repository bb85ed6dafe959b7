/** What needs no node: addresses as text. */

import { describe, expect, it } from "vitest";
import { atom, tuple } from "../../src/term/index.ts";
import { ipText } from "../../src/topology/ip-text.ts";

describe("an Erlang address", () => {
  it.each([
    [tuple(127, 0, 0, 1), "127.0.0.1"],
    [tuple(0, 0, 0, 0, 0, 0, 0, 0), "::"],
    [tuple(0, 0, 0, 0, 0, 0, 0, 1), "::1"],
    [tuple(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), "2001:db8::1:0:0:1"],
    [tuple(0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), "::ffff:7f00:1"],
  ])("is written as usual: %#", (address, text) => {
    expect(ipText(address)).toBe(text);
  });

  it.each([[tuple(1, 2, 3)], [tuple(atom("local"), 2, 3, 4)], [tuple(99999, 0, 0, 0, 0, 0, 0, 0)]])(
    "is nothing else: %#",
    (address) => {
      expect(ipText(address)).toBeUndefined();
    },
  );
});
