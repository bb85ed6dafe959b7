/** What follows from the handshake: who sends on this link, and what the other side can read. */

import type { Destination } from "../etf/index.ts";
import { atom } from "../term/index.ts";
import type { Identity } from "./control-encode.ts";
import { hasFlag } from "./flags.ts";
import type { PeerInfo } from "./session-types.ts";

/** Who we are on the link with this peer. */
export function identityOf({ name, flags, localName, localCreation }: PeerInfo): Identity {
  return {
    local: atom(localName),
    localCreation,
    peer: atom(name),
    unlinkIds: hasFlag(flags, "UNLINK_ID"),
    aliases: hasFlag(flags, "ALIAS"),
    altact: hasFlag(flags, "ALTACT_SIG"),
  };
}

/** What may be written to this peer. */
export function destinationOf({ name, creation, flags, offered }: PeerInfo): Destination {
  // What OTP 28 and later announce; no flag tells 27 from 26, so others have to be asked.
  const recent = hasFlag(offered, "ALTACT_SIG");
  return {
    node: atom(name),
    creation,
    v4: hasFlag(flags, "V4_NC"),
    wide: recent,
    signedZeros: recent,
    newAtoms: 0,
  };
}
