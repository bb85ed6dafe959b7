import { expect, test } from "vitest";
import { startOperation } from "../../src/upgrade/operation.ts";

test("an operation is awaited for its result and iterated for all its events", async () => {
  const operation = startOperation<number, string>(async (emit) => {
    emit(1);
    await Promise.resolve();
    emit(2);
    return "done";
  });
  expect(await operation).toBe("done");
  for (let pass = 0; pass < 2; pass++) {
    const seen: number[] = [];
    for await (const event of operation) seen.push(event);
    expect(seen).toEqual([1, 2]);
  }
});

test("a failure is thrown where it is awaited and at the end of an iteration", async () => {
  const operation = startOperation<number, void>(async (emit) => {
    emit(1);
    throw new Error("broken");
  });
  const seen: number[] = [];
  const iterate = async () => {
    for await (const event of operation) seen.push(event);
  };
  await expect(iterate()).rejects.toThrow("broken");
  await expect(Promise.resolve(operation)).rejects.toThrow("broken");
  expect(seen).toEqual([1]);
});

test("cancel and the outer signal both reach the work", async () => {
  const outer = new AbortController();
  const waits = () =>
    startOperation<never, void>(
      (_emit, _id, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      outer.signal,
    );
  const first = waits();
  first.cancel(new Error("by cancel"));
  await expect(Promise.resolve(first)).rejects.toThrow("by cancel");
  const second = waits();
  outer.abort(new Error("by signal"));
  await expect(Promise.resolve(second)).rejects.toThrow("by signal");
});
