/** Bounds how many requests are in flight; the others wait in order, and all wait while the link cannot take more bytes. */

import type { BeamError } from "../errors.ts";

/** Something that wants to be sent. */
export interface Applicant {
  /** It may send now, within this very call. */
  granted(): void;
  /** The link is gone, and nothing will be granted. */
  lost(error: BeamError): void;
}

/** A window of credit. */
export class Credit {
  readonly #limit: number;
  readonly #waiting = new Set<Applicant>();
  #inFlight = 0;
  #blocked = false;
  #granting = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many wait to be sent. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Grants at once, or later and in order; the applicant then owes a {@link release}. */
  apply(applicant: Applicant): void {
    this.#waiting.add(applicant);
    this.#grant();
  }

  /** The applicant no longer wants to be sent; `false` when it already was granted. */
  withdraw(applicant: Applicant): boolean {
    return this.#waiting.delete(applicant);
  }

  /** A granted request is over. */
  release(): void {
    this.#inFlight -= 1;
    this.#grant();
  }

  /** Whether the link has no room: nothing is granted meanwhile. */
  set blocked(blocked: boolean) {
    this.#blocked = blocked;
    this.#grant();
  }

  /** Tells all who wait that they never will be granted. */
  lost(error: BeamError): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const applicant of all) applicant.lost(error);
  }

  #grant(): void {
    if (this.#granting) return; // a grant may fail at once and release, which must not recurse
    this.#granting = true;
    try {
      for (const applicant of this.#waiting) {
        if (this.#blocked || this.#inFlight >= this.#limit) break;
        this.#waiting.delete(applicant);
        this.#inFlight += 1;
        applicant.granted();
      }
    } finally {
      this.#granting = false;
    }
  }
}
