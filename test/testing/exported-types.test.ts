/** What a user meets in a signature can be named in the user's own code. */

import { expectTypeOf, it } from "vitest";
import type { CrashReport } from "../../src/index.ts";
import type {
  Compared,
  CrashedError,
  Exit,
  ProcessProbe,
  SettledOptions,
  StartedBeam,
  termMatchers,
  Whose,
} from "../../src/testing/index.ts";

it("types", () => {
  expectTypeOf<CrashedError["crashes"]>().toEqualTypeOf<readonly CrashReport[]>();
  expectTypeOf<StartedBeam["exited"]>().toEqualTypeOf<Promise<Exit>>();
  expectTypeOf<SettledOptions>().toExtend<Whose>();
  expectTypeOf<typeof termMatchers.toMatchTerm>().returns.toEqualTypeOf<Compared>();
  expectTypeOf<ProcessProbe["restarted"]>()
    .parameter(0)
    .toEqualTypeOf<(() => unknown) | undefined>();
});
