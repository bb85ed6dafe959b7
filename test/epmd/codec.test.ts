import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeAliveReply,
  decodeNamesReply,
  decodePortReply,
  decodeRequest,
  EpmdProtocolError,
  encodeAliveReply,
  encodeAliveRequest,
  encodeNamesReply,
  encodeNamesRequest,
  encodePortReply,
  encodePortRequest,
} from "../../src/epmd/index.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("requests", () => {
  test("are what EPMD reads", () => {
    expect(hex(encodeNamesRequest())).toBe("00016e");
    expect(hex(encodePortRequest("shop"))).toBe("00057a73686f70");
    expect(hex(encodeAliveRequest("shop", 4711, true))).toBe(
      "001178126748000006000500" + "0473686f700000",
    );
  });

  test.each(["", "a@b", "x".repeat(256)])("refuse the name %j", (name) => {
    expect(() => encodePortRequest(name)).toThrow(EpmdProtocolError);
  });
});

describe("replies", () => {
  const port = Buffer.from("7700126748000006000500" + "0473686f700000", "hex");

  test("a port, in pieces", () => {
    for (let length = 0; length < 16; length++) {
      expect(decodePortReply(port.subarray(0, length))).toBeUndefined();
    }
    const found = { name: "shop", port: 4711, hidden: true, highestVersion: 6, lowestVersion: 5 };
    expect(decodePortReply(port)).toEqual(found);
  });

  test("no such node", () => {
    expect(decodePortReply(Buffer.from([119, 1]))).toBeNull();
  });

  test("names, without what is no name", () => {
    const text = "name a at port 1\nname b c at port 65535\nsomething else\n";
    const reply = Buffer.concat([Buffer.from([0, 0, 17, 17]), Buffer.from(text)]);
    expect(decodeNamesReply(reply)).toEqual([
      { name: "a", port: 1 },
      { name: "b c", port: 65_535 },
    ]);
  });

  test("creations of new and old EPMDs, and a refusal", () => {
    expect(decodeAliveReply(Buffer.from([118, 0, 1, 2, 3]))).toBeUndefined();
    expect(decodeAliveReply(Buffer.from([118, 0, 1, 2, 3, 4]))).toBe(0x01020304);
    expect(decodeAliveReply(Buffer.from([121, 0, 0, 2]))).toBe(2);
    expect(decodeAliveReply(Buffer.from([118, 1]))).toBeNull();
  });

  test("another service's reply", () => {
    const http = Buffer.from("HTTP/1.1 400 Bad Request\r\n");
    expect(() => decodePortReply(http)).toThrow(EpmdProtocolError);
    expect(() => decodeAliveReply(http)).toThrow(EpmdProtocolError);
    expect(() => decodeNamesReply(Buffer.from([0, 1]))).toThrow(EpmdProtocolError);
  });
});

describe("EPMD's own side", () => {
  const name = fc
    .string({ unit: "binary", minLength: 1, maxLength: 40 })
    .filter((text) => !/[@\s\p{Cc}\p{Surrogate}]/u.test(text));
  const port = fc.integer({ min: 1, max: 65_535 });

  test("reads what is asked, once it is whole, and its replies are read back", () => {
    fc.assert(
      fc.property(name, port, fc.boolean(), (node, at, hidden) => {
        const bytes = encodeAliveRequest(node, at, hidden);
        for (let cut = 0; cut < bytes.length; cut++) {
          expect(decodeRequest(bytes.subarray(0, cut))).toBeUndefined();
        }
        const asked = decodeRequest(bytes);
        expect(asked).toMatchObject({ type: "alive", node: { name: node, port: at, hidden } });
        if (asked?.type !== "alive") return;
        const reply = encodePortReply(asked.node);
        expect(decodePortReply(reply)).toMatchObject({ name: node, port: at, hidden });
        expect(decodeNamesReply(encodeNamesReply(4369, [asked.node]))).toEqual([
          { name: node, port: at },
        ]);
        expect(decodeRequest(encodePortRequest(node))).toEqual({ type: "port", name: node });
      }),
    );
    expect(decodePortReply(encodePortReply(undefined))).toBeNull();
    expect(decodeAliveReply(encodeAliveReply(0xfeed_beef, 6))).toBe(0xfeed_beef);
    expect(decodeAliveReply(encodeAliveReply(0xfeed_beef, 5))).toBeLessThan(4);
    expect(decodeAliveReply(encodeAliveReply(undefined, 6))).toBeNull();
    expect(decodeRequest(encodeNamesRequest())).toEqual({ type: "names" });
  });

  test("refuses the rest with its own error", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(120, 122, 110, 7),
        (junk, kind) => {
          const bytes = Buffer.concat([Buffer.from([0, junk.length + 1, kind]), junk]);
          try {
            expect(decodeRequest(bytes)).toBeDefined();
          } catch (error) {
            expect(error).toBeInstanceOf(EpmdProtocolError);
          }
        },
      ),
    );
  });
});
