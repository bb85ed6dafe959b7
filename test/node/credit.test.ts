/** The credit window: in order, bounded, and held while the link is blocked. */

import { expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type Applicant, Credit } from "../../src/node/credit.ts";

function applicant(log: string[], name: string, credit?: Credit): Applicant {
  return {
    granted: () => {
      log.push(name);
      credit?.release();
    },
    lost: () => log.push(`${name} lost`),
  };
}

it("grants up to its limit and then in order", () => {
  const credit = new Credit(2);
  const log: string[] = [];
  for (const name of ["a", "b", "c", "d"]) credit.apply(applicant(log, name));
  expect([log, credit.inFlight, credit.waiting]).toEqual([["a", "b"], 2, 2]);
  credit.release();
  expect(log).toEqual(["a", "b", "c"]);
});

it("grants nothing while the link is blocked", () => {
  const credit = new Credit(10);
  const log: string[] = [];
  credit.blocked = true;
  credit.apply(applicant(log, "a"));
  expect(log).toEqual([]);
  credit.blocked = false;
  expect(log).toEqual(["a"]);
});

it("tells one that was granted from one that waited", () => {
  const credit = new Credit(1);
  const log: string[] = [];
  const [a, b] = [applicant(log, "a"), applicant(log, "b")];
  credit.apply(a);
  credit.apply(b);
  expect([credit.withdraw(a), credit.withdraw(b), credit.waiting]).toEqual([false, true, 0]);
});

it("does not pile up calls when every grant ends at once", () => {
  const credit = new Credit(1);
  const log: string[] = [];
  credit.blocked = true;
  for (let index = 0; index < 20_000; index++) credit.apply(applicant(log, "x", credit));
  credit.blocked = false;
  expect([log.length, credit.inFlight]).toEqual([20_000, 0]);
});

it("tells all who wait that the link is gone", () => {
  const credit = new Credit(1);
  const log: string[] = [];
  for (const name of ["a", "b", "c"]) credit.apply(applicant(log, name));
  credit.lost(new UsageError("gone"));
  expect([log, credit.waiting]).toEqual([["a", "b lost", "c lost"], 0]);
});
