/** Atoms: one frozen object per name, interned in a bounded table, so `===` compares them. */

import { LimitError, UsageError } from "../errors.ts";

/** An atom has at most this many characters (not bytes), as in the BEAM. */
export const MAX_ATOM_CHARACTERS = 255;

/** Most atoms this process ever holds: atoms are never freed, so a peer must not be able to add without end. */
export const MAX_ATOMS = 1_048_576;

const table = new Map<string, Atom>();
const utf8 = new TextEncoder();

/**
 * An Erlang atom. Made by {@link atom}; two atoms of one name are the same object.
 * @example
 * import { Atom, atom } from "beamctl/term";
 *
 * atom("ok") instanceof Atom; // => true
 * atom("Elixir.Shop").name; // => 'Elixir.Shop'
 */
export class Atom {
  readonly name: string;
  /** The name in UTF-8, kept so that encoding an atom is a copy. Not to be written to. */
  readonly utf8: Uint8Array;

  private constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.utf8 = bytes;
    Object.freeze(this);
  }

  /** @internal Use {@link atom}. */
  static intern(name: string): Atom {
    const known = table.get(name);
    if (known !== undefined) return known;
    if (/\p{Surrogate}/u.test(name)) throw new UsageError("an atom's name must be valid Unicode");
    if (name.length > MAX_ATOM_CHARACTERS && [...name].length > MAX_ATOM_CHARACTERS) {
      throw new LimitError(`an atom has at most ${MAX_ATOM_CHARACTERS} characters`);
    }
    if (table.size >= MAX_ATOMS) {
      throw new LimitError(`this process already holds ${MAX_ATOMS} different atoms`);
    }
    const made = new Atom(name, utf8.encode(name));
    table.set(name, made);
    return made;
  }

  /** Its name. */
  toString(): string {
    return this.name;
  }
}

/**
 * The atom of this name.
 * @throws LimitError beyond 255 characters, or when {@link MAX_ATOMS} different atoms exist in this process
 * @throws UsageError when the name is not valid Unicode
 * @example
 * import { atom } from "beamctl/term";
 *
 * atom("ok"); // => :ok
 * atom("Elixir.Shop.Cart"); // => Shop.Cart
 * atom("ok") === atom("ok"); // => true
 */
export function atom(name: string): Atom {
  return Atom.intern(name);
}

/**
 * How many different atoms this process holds.
 * @example
 * import { atomCount, MAX_ATOMS } from "beamctl/term";
 *
 * atomCount() < MAX_ATOMS; // => true
 */
export function atomCount(): number {
  return table.size;
}

/**
 * `true` and `false` as atoms.
 * @example
 * import { bool } from "beamctl/term";
 *
 * bool(1 < 2); // => true
 */
export function bool(value: boolean): Atom {
  return value ? TRUE : FALSE;
}

/** `:true`. */
export const TRUE: Atom = atom("true");
/** `:false`. */
export const FALSE: Atom = atom("false");
/** `:ok`. */
export const OK: Atom = atom("ok");
/** `:error`. */
export const ERROR: Atom = atom("error");
/** `:undefined`. */
export const UNDEFINED: Atom = atom("undefined");
/** `:nil`. */
export const NIL: Atom = atom("nil");
