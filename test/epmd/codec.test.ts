import { describe, expect, test } from "vitest";
import {
  decodeAliveReply,
  decodeNamesReply,
  decodePortReply,
  EpmdProtocolError,
  encodeAliveRequest,
  encodeNamesRequest,
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
