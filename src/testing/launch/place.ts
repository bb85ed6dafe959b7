/** Where a started node lives: its name, port, cookie, private folder and environment. */

import { homedir } from "node:os";
import { join } from "node:path";
import { makeCookie, makeHome, uniqueName } from "./home.ts";
import { freePort } from "./port.ts";

/** All of it. */
export interface Place {
  readonly name: string;
  readonly cookie: string;
  readonly port: number;
  /** Its HOME, with the cookie in it; goes with the node. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Chooses what is not given. */
export async function prepare(
  given: {
    readonly node?: string | undefined;
    readonly cookie?: string | undefined;
    readonly port?: number | undefined;
    readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  },
  base: string,
): Promise<Place> {
  const name = given.node ?? uniqueName(base);
  const cookie = given.cookie ?? makeCookie();
  const port = given.port ?? (await freePort());
  const home = await makeHome(cookie);
  const flags = [
    // Given more than once, as by a release's own script beside us, this flag is ignored, and the file in HOME holds: OTP 23 to 29.
    ...["-setcookie", "unused", "-setcookie", "unused"],
    ...["-start_epmd", "false"],
    // With it the node asks no EPMD and tells none: a cluster's own has to know it.
    ...(given.env?.["ERL_EPMD_PORT"] === undefined ? ["-erl_epmd_port", String(port)] : []),
    ...["-kernel", "inet_dist_listen_min", String(port), "inet_dist_listen_max", String(port)],
    ...["inet_dist_use_interface", "{127,0,0,1}"],
  ];
  const own = given.env?.["ERL_AFLAGS"] ?? process.env["ERL_AFLAGS"];
  return {
    name,
    cookie,
    port,
    home,
    env: {
      ...process.env,
      HOME: home,
      // What mix keeps in the user's own HOME stays there.
      MIX_HOME: process.env["MIX_HOME"] ?? join(homedir(), ".mix"),
      HEX_HOME: process.env["HEX_HOME"] ?? join(homedir(), ".hex"),
      ERL_CRASH_DUMP_SECONDS: "0", // no crash dump: it would hold the cookie
      ERL_AFLAGS: [...flags, ...(own === undefined ? [] : [own])].join(" "),
    },
  };
}
