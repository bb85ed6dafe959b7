/** `beamctl release ls`: the versions that the release handler knows. */

import { whichReleases } from "../../otp/index.ts";
import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals) =>
  observe(globals, async ({ remote }) => {
    new Printer(globals).rows(
      await whichReleases(remote),
      [
        { title: "RELEASE", cell: ({ name }) => name },
        { title: "VERSION", cell: ({ version }) => version },
        { title: "STATUS", cell: ({ status }) => status },
        { title: "LIBRARIES", cell: ({ libraries }) => libraries.length, right: true },
      ],
      ({ name, version, status, libraries }) => ({
        name,
        version,
        status,
        libraries: libraries.map((library) => `${library.name}-${library.version}`),
      }),
      "the release handler knows no release",
    );
    return undefined;
  });
