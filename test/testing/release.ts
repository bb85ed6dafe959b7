/** The skeleton of a release: its start script reads and passes on what that of `mix release` does. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Otp } from "../support/index.ts";

const SCRIPT = `#!/bin/sh
set -e
RELEASE_NAME="\${RELEASE_NAME:-"shop"}"
RELEASE_COOKIE="\${RELEASE_COOKIE:-"the_cookie_of_production"}"
RELEASE_NODE="\${RELEASE_NODE:-"$RELEASE_NAME"}"
RELEASE_DISTRIBUTION="\${RELEASE_DISTRIBUTION:-"sname"}"
[ "$1" = start ] || exit 2
exec ERL -noinput -setcookie "$RELEASE_COOKIE" "-$RELEASE_DISTRIBUTION" "$RELEASE_NODE" -boot start_sasl
`;

/** Makes it in a folder that goes with the test. */
export async function fakeRelease(otp: Otp): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "beamctl-release-"));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, "bin"));
  await writeFile(join(root, "bin/server"), "#!/bin/sh\nexec ./shop start\n", { mode: 0o755 });
  const script = SCRIPT.replace("ERL", `"${otp.bin("erl")}"`);
  await writeFile(join(root, "bin/shop"), script, { mode: 0o755 });
  return root;
}
