/** The slot table: pids and references lead back to their process, and late ones to nobody. */

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { LocalProcess, MAX_PROCESSES, Processes } from "../../src/node/processes.ts";
import { Pid, Reference } from "../../src/term/index.ts";

class Dummy extends LocalProcess {
  gone = false;

  override lost(): void {
    this.gone = true;
  }
}

describe.each([true, false])("with wide pids %s", (wide) => {
  it("finds a process by pid and by each of its references", () => {
    const table = new Processes("me@here", 77, wide);
    const all = Array.from({ length: 70_000 }, () => new Dummy());
    for (const process of all) table.enter(process);
    expect(table.size).toBe(70_000);
    for (const process of [all[0], all[32_766], all[32_767], all[65_536], all[69_999]] as Dummy[]) {
      const { id, serial } = (process.address as { pid: Pid }).pid;
      expect(table.byPid(new Pid(table.node, id, serial, 77))).toBe(process);
      expect(table.byRef(table.refOf(process, 9))).toBe(process);
      if (!wide) expect([id < 32_768, serial < 8_192]).toEqual([true, true]);
    }
  });

  it("gives a freed slot another pid, and finds nobody for the old one", () => {
    const table = new Processes("me@here", 77, wide);
    const first = new Dummy();
    const pid = table.enter(first);
    const ref = table.refOf(first);
    table.leave(first);
    table.leave(first);
    expect([table.byPid(pid), table.byRef(ref), table.size]).toEqual([undefined, undefined, 0]);
    const second = new Dummy();
    const other = table.enter(second);
    expect([other.id, other.serial]).not.toEqual([pid.id, pid.serial]);
    expect([table.byPid(pid), table.byRef(ref)]).toEqual([undefined, undefined]);
  });
});

it("does not know pids and references of others", () => {
  const table = new Processes("me@here", 77, true);
  const process = new Dummy();
  const { id, serial } = table.enter(process);
  const ids = table.refOf(process).ids;
  expect(table.byPid(new Pid(table.node, id, serial, 78))).toBeUndefined();
  expect(table.byRef(new Reference(table.node, 78, ids))).toBeUndefined();
  expect(table.byRef(new Reference(table.node, 77, [1]))).toBeUndefined();
  expect(table.byPid(new Pid(table.node, 4_000_000_000, 0, 77))).toBeUndefined();
});

it("has a limit, and the words of references stay within 18 bits", () => {
  const table = new Processes("me@here", 77, true);
  for (let index = 0; index < MAX_PROCESSES; index++) table.enter(new Dummy());
  expect(() => table.enter(new Dummy())).toThrow(/more than 262143/);
});

it("tells all when the link is lost", () => {
  const table = new Processes("me@here", 77, true);
  const all = [new Dummy(), new Dummy()];
  for (const process of all) table.enter(process);
  table.lost(new UsageError("gone"));
  expect([all.map(({ gone }) => gone), table.size]).toEqual([[true, true], 0]);
});
