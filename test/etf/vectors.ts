/** Terms and their bytes as real nodes write them, without the version byte. */

import {
  atom,
  Bitstring,
  binary,
  charlist,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  tuple,
} from "../../src/term/index.ts";

export interface Vector {
  readonly what: string;
  readonly hex: string;
  readonly term: Term;
}

const vec = atom("vec");
const node = atom("vec_2467@localhost");
const creation = 0x2804ef80;
const oldCreation = 0xfbe4a30f;
const pid = new Pid(node, 0, 0, creation);

/** What OTP 27 writes; encoding gives exactly these bytes. */
export const CURRENT: readonly Vector[] = [
  { what: "SMALL_INTEGER", hex: "61ff", term: 255 },
  { what: "INTEGER", hex: "62ffffffff", term: -1 },
  { what: "the lowest INTEGER", hex: "6280000000", term: -(2 ** 31) },
  { what: "SMALL_BIG of 33 bits", hex: "6e040000000080", term: 2 ** 31 },
  { what: "SMALL_BIG of 64 bits", hex: "6e0801ffffffffffffffff", term: -(2n ** 64n - 1n) },
  {
    what: "LARGE_BIG",
    hex: "6f00000101000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
    term: 2n ** 2048n,
  },
  { what: "NEW_FLOAT", hex: "463ff8000000000000", term: new Float(1.5) },
  { what: "NEW_FLOAT below zero", hex: "468000000000000000", term: new Float(-0) },
  { what: "SMALL_ATOM_UTF8", hex: "77026f6b", term: atom("ok") },
  { what: "an atom that is not ASCII", hex: "770cd0bfd180d0b8d0b2d0b5d182", term: atom("привет") },
  {
    what: "ATOM_UTF8",
    hex: "760100d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183d183",
    term: atom("у".repeat(128)),
  },
  { what: "the empty atom", hex: "7700", term: atom("") },
  { what: "NIL", hex: "6a", term: [] },
  { what: "STRING", hex: "6b0003616263", term: charlist("abc") },
  { what: "LIST", hex: "6c0000000361017701616d000000006a", term: [1, atom("a"), binary("")] },
  {
    what: "an improper LIST",
    hex: "6c0000000261016102770163",
    term: new ImproperList([1, 2], atom("c")),
  },
  {
    what: "an improper list in a list",
    hex: "6c000000016c00000001610161026103",
    term: new ImproperList([new ImproperList([1], 2)], 3),
  },
  { what: "the empty tuple", hex: "6800", term: tuple() },
  {
    what: "SMALL_TUPLE",
    hex: "68037701617701626c000000017701636a",
    term: tuple(atom("a"), atom("b"), [atom("c")]),
  },
  {
    what: "LARGE_TUPLE",
    hex: "69000001006101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101610161016101",
    term: tuple(...new Array<number>(256).fill(1)),
  },
  {
    what: "MAP",
    hex: "740000000277016161016d0000000162464000000000000000",
    term: new TermMap([
      [atom("a"), 1],
      [binary("b"), new Float(2)],
    ]),
  },
  { what: "BINARY", hex: "6d00000003010203", term: Uint8Array.of(1, 2, 3) },
  { what: "BIT_BINARY", hex: "4d0000000103a0", term: new Bitstring(Uint8Array.of(0xa0), 3) },
  {
    what: "BIT_BINARY over a byte",
    hex: "4d00000002018080",
    term: new Bitstring(Uint8Array.of(0x80, 0x80), 1),
  },
  {
    what: "EXPORT",
    hex: "7177056c6973747377036d61706102",
    term: new ExternalFun(atom("lists"), atom("map"), 2),
  },
  {
    what: "NEW_PID",
    hex: "5877127665635f32343637406c6f63616c686f73740000000a000000002804ef80",
    term: new Pid(node, 10, 0, creation),
  },
  {
    what: "NEWER_REFERENCE",
    hex: "5a000377127665635f32343637406c6f63616c686f73742804ef80000190be3700000106362d1c",
    term: new Reference(node, creation, [0x000190be, 0x37000001, 0x06362d1c]),
  },
  {
    what: "V4_PORT",
    hex: "7877127665635f32343637406c6f63616c686f737400000000000000002804ef80",
    term: new Port(node, 0n, creation),
  },
  {
    what: "NEW_FUN",
    hex: "70000000550176b49abd5fdf2c9e5461c89c17cea9090000000000000002770376656361006203b5a4d55877127665635f32343637406c6f63616c686f737400000000000000002804ef8061016c000000017701786a",
    term: new Fun({
      arity: 1,
      unique: Uint8Array.from(Buffer.from("76b49abd5fdf2c9e5461c89c17cea909", "hex")),
      index: 0,
      module: vec,
      oldIndex: 0,
      oldUnique: 0x03b5a4d5,
      creator: pid,
      free: [1, [atom("x")]],
    }),
  },
];

/** What OTP 25 and older write, and files of theirs hold. */
export const OLD: readonly Vector[] = [
  {
    what: "FLOAT",
    hex: "63312e3530303030303030303030303030303030303030652b30300000000000",
    term: new Float(1.5),
  },
  { what: "ATOM", hex: "6400026f6b", term: atom("ok") },
  { what: "ATOM in Latin-1", hex: "640004636166e9", term: atom("café") },
  { what: "SMALL_ATOM", hex: "7304636166e9", term: atom("café") },
  {
    what: "NEW_PID with ATOM",
    hex: "586400127665635f32343637406c6f63616c686f73740000000900000000fbe4a30f",
    term: new Pid(node, 9, 0, oldCreation),
  },
  {
    what: "NEW_PORT",
    hex: "596400127665635f32343637406c6f63616c686f737400000000fbe4a30f",
    term: new Port(node, 0n, oldCreation),
  },
  {
    what: "NEWER_REFERENCE with ATOM",
    hex: "5a00036400127665635f32343637406c6f63616c686f7374fbe4a30f0003cbd627040002f57c97b9",
    term: new Reference(node, oldCreation, [0x0003cbd6, 0x27040002, 0xf57c97b9]),
  },
  {
    what: "PID",
    hex: "6764000d766563406c6f63616c686f73740000002a0000000302",
    term: new Pid(atom("vec@localhost"), 42, 3, 2),
  },
  {
    what: "PORT",
    hex: "6664000d766563406c6f63616c686f73740000002a02",
    term: new Port(atom("vec@localhost"), 42n, 2),
  },
  {
    what: "REFERENCE",
    hex: "6564000d766563406c6f63616c686f73740000002a02",
    term: new Reference(atom("vec@localhost"), 2, [42]),
  },
  {
    what: "NEW_REFERENCE",
    hex: "72000364000d766563406c6f63616c686f737402000000010000000200000003",
    term: new Reference(atom("vec@localhost"), 2, [1, 2, 3]),
  },
  {
    what: "LIST with a list as its tail",
    hex: "6c0000000161016c00000002610261036a",
    term: [1, 2, 3],
  },
  { what: "LIST with a STRING as its tail", hex: "6c0000000161016b00020203", term: [1, 2, 3] },
  {
    what: "LIST with an improper list as its tail",
    hex: "6c0000000161016c00000001610277016b",
    term: new ImproperList([1, 2], atom("k")),
  },
  { what: "LIST without elements", hex: "6c000000006107", term: 7 },
  { what: "BIT_BINARY of whole bytes", hex: "4d0000000208ff01", term: Uint8Array.of(255, 1) },
  {
    what: "BIT_BINARY whose unused bits are set",
    hex: "4d0000000103bf",
    term: new Bitstring(Uint8Array.of(0xa0), 3),
  },
  { what: "SMALL_BIG that is small", hex: "6e0200ff00", term: 255 },
  { what: "SMALL_BIG of minus zero", hex: "6e010100", term: 0 },
  { what: "SMALL_BIG without bytes", hex: "6e0000", term: 0 },
  { what: "LARGE_BIG of seven bytes", hex: "6f0000000701ffffffffffff1f", term: -(2 ** 53 - 1) },
  { what: "SMALL_BIG beyond safe integers", hex: "6e070000000000000020", term: 2n ** 53n },
  { what: "LARGE_TUPLE that is small", hex: "69000000016101", term: tuple(1) },
];

/** `[a, a, ...]` of 300 elements, as `term_to_binary(_, [compressed])` of OTP 25 and 27 gives it, with the version byte. */
export const COMPRESSED: readonly string[] = [
  "8350000004b6789ccb616060d44961604c1cc5a378148fe2a180b30028cbe90c",
  "83500000038a789ccb616060d429674c1c45a368140d20ca0200d3ebff50",
];
