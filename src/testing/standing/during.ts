/** Something that is held while a function runs. */

/**
 * Runs `work`, then disposes of what is held, also when it throws.
 * @throws what `work` throws, or the disposal; an AggregateError with both when both do
 */
export async function during<Result>(
  held: AsyncDisposable,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await Promise.resolve(held[Symbol.asyncDispose]()).catch((second: unknown) => {
      const [one, other] = [error, second].map((each) =>
        each instanceof Error ? each.message : String(each),
      );
      const message = `${one ?? ""}; and it could not be given back: ${other ?? ""}`;
      throw new AggregateError([error, second], message, { cause: error });
    });
    throw error;
  }
  await held[Symbol.asyncDispose]();
  return result;
}
