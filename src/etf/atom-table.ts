/** The atoms of one message, for a link whose nodes keep a cache of them: each is written once, in the header. */

import type { Atom } from "../term/index.ts";

/** A header has room for as many. */
const MOST = 255;
/** So few are found sooner by looking at each. */
const FEW = 16;

/**
 * Gives atoms their numbers in the order in which they are met.
 * @example
 * import { AtomTable, TermWriter } from "beamctl/etf";
 * import { atom } from "beamctl/term";
 *
 * const table = new AtomTable();
 * new TermWriter(undefined, table).write([atom("ok"), atom("shop"), atom("ok")]);
 * table.atoms; // => [ :ok, :shop ]
 */
export class AtomTable {
  readonly atoms: Atom[] = [];
  #numbers: Map<Atom, number> | undefined;

  /** Its number; `undefined` when the header is full, and the atom is to be spelled out. */
  numberOf(atom: Atom): number | undefined {
    const { atoms } = this;
    if (atoms.length <= FEW) {
      for (let at = 0; at < atoms.length; at++) if (atoms[at] === atom) return at;
    } else {
      this.#numbers ??= new Map(atoms.map((known, at) => [known, at]));
      const known = this.#numbers.get(atom);
      if (known !== undefined || atoms.length === MOST) return known;
      this.#numbers.set(atom, atoms.length);
    }
    return atoms.push(atom) - 1;
  }
}
