/** `beamctl nodes`: what an EPMD knows. Needs no cookie. */

import { epmdNames } from "../../node/index.ts";
import type { Run } from "../command.ts";
import { milliseconds } from "../duration.ts";
import { Printer } from "../output/printer.ts";
import { epmdAddress } from "../session.ts";

export const run: Run = async (globals, _local, [host]) => {
  const asked = {
    ...(globals.epmd === undefined ? {} : epmdAddress(globals.epmd)),
    ...(host === undefined ? {} : { host }),
  };
  const names = await epmdNames({ ...asked, timeout: milliseconds(globals.timeout) });
  new Printer(globals).rows(
    names,
    [
      { title: "NAME", cell: ({ name }) => name },
      { title: "PORT", cell: ({ port }) => port, right: true },
    ],
    ({ name, port }) => ({ name, port }),
    "no node is registered",
  );
  return undefined;
};
