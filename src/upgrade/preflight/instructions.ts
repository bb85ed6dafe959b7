/** What the relup's instructions can cost where they stand. */

import type { RelupRow } from "../../relup/index.ts";
import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";

/** What these cost depends on who runs old code: another check asks the processes. */
const PURGING = ["load", "remove", "purge", "load_module", "delete_module", "update"];

/** Instructions that the release handler refuses, and those that are dangerous for what they are. */
export const instructions: Check = {
  name: "the relup's instructions",
  find: async ({ rows, path, version }) => {
    const refused = rows.filter((row) => row.refused);
    const dangers = new Map<string, number[]>();
    rows.forEach(({ danger, refused: no, kind }, index) => {
      if (danger === undefined || no || PURGING.includes(kind)) return;
      dangers.set(danger, [...(dangers.get(danger) ?? []), index + 1]);
    });
    return [
      ...refused.map(
        (row): Finding => ({
          code: "instruction-refused",
          severity: "refusal",
          what: `instruction ${rows.indexOf(row) + 1} of ${path.file}, ${textOf(row)}`,
          cause: row.danger ?? "the release handler refuses it where it stands",
          remedy: `Build the relup anew with systools:make_relup; \`beamctl relup explain ${version}\` shows all of it.`,
          about: [String(rows.indexOf(row) + 1)],
        }),
      ),
      ...[...dangers].map(
        ([danger, at]): Finding => ({
          code: "instruction-danger",
          severity: "warning",
          what: `${at.length === 1 ? "instruction" : "instructions"} ${at.join(", ")} of the relup: ${danger}`,
          cause: `the relup says so: ${textOf(rows[(at[0] ?? 1) - 1] as RelupRow)}`,
          remedy: `Look at it with \`beamctl relup explain ${version}\`; if it is not meant, change the .appup.`,
          about: at.map(String),
        }),
      ),
    ];
  },
};

function textOf({ kind, text }: RelupRow): string {
  return `${kind} (${text})`;
}
