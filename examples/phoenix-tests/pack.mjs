/** Builds and packs this repository into beamctl.tgz, which package.json installs. In a project of your own that is `"beamctl": "^0.1.0"` instead. */

import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { bootstrap, ROOT } from "../../scripts/bootstrap.mjs";

bootstrap();
const args = ["pack", ROOT, "--ignore-scripts", "--silent"];
const name = execFileSync("npm", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
renameSync(`${import.meta.dirname}/${name}`, `${import.meta.dirname}/beamctl.tgz`);
