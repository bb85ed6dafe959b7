/** Why two sides do not come together over TLS. */

import { BeamError } from "../errors.ts";

const REMEDIES: readonly [RegExp, string][] = [
  [
    /ALTNAME_INVALID/,
    "The certificate is for another host: name the node as it says, or give its name as servername.",
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    "Renew the certificate, and check the clocks of both hosts.",
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED/,
    "Give the authority that signed the node's certificate as `ca`.",
  ],
  [
    /no answer|WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/,
    "Nothing speaks TLS there: is it the distribution port, and was the node started with -proto_dist inet_tls?",
  ],
  [
    // With TLS 1.3 a node says it; with TLS 1.2 it is the handshake failure below.
    /CERTIFICATE_REQUIRED/,
    "The other side wants a certificate of ours: give `cert` and `key`, signed by an authority of its cacertfile.",
  ],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    "Either the other side wants a certificate and we gave none (`cert` and `key`), or the two have no version or cipher in common: look at its log, at minVersion and at the node's ssl_dist_optfile.",
  ],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_SHARED_CIPHER|HANDSHAKE_FAILURE/,
    "The two sides have no version or cipher in common: look at minVersion and at the node's ssl_dist_optfile.",
  ],
  [
    /PEER_DID_NOT_RETURN/,
    "The other side gave no certificate, and one is wanted here: start it with a certificate and a key of its own.",
  ],
  [
    /ALERT|ECONNRESET/,
    "The other side did not accept our certificate, or wants one and we gave none: look at its log, and at `cert`, `key` and its cacertfile.",
  ],
  [
    /PEM|ASN1|KEY_VALUES_MISMATCH|BAD_DECRYPT|BAD_PASSWORD|ENOENT|DECODER|OSSL_UNSUPPORTED/,
    "Check the files of certificate and key: both in PEM, and belonging together.",
  ],
];

const ANY =
  "Check certificate, key and authority of both sides; the log of the node tells its part.";

/** TLS was not agreed on; nothing of the cookie was sent. The message has the code of OpenSSL, never anything of a key. */
export class TlsError extends BeamError {
  readonly code = "BEAM_AUTH";
  /** What OpenSSL or Node.js calls the reason. */
  readonly reason: string;

  constructor(remote: string, cause: unknown) {
    const reason = reasonOf(cause);
    const remedy = REMEDIES.find(([pattern]) => pattern.test(reason))?.[1] ?? ANY;
    super(`no TLS with ${remote}: ${reason}`, { remedy });
    this.reason = reason;
  }
}

/** Whether an error of a socket is one of TLS. */
export function isTlsFailure(cause: unknown): boolean {
  return /^ERR_(SSL|TLS|OSSL)|CERT|SIGNED|ISSUER|UNABLE_TO|^ECONNRESET$/.test(reasonOf(cause));
}

function reasonOf(cause: unknown): string {
  if (typeof cause === "object" && cause !== null && "code" in cause) {
    if (typeof cause.code === "string") return cause.code;
  }
  return cause instanceof Error ? cause.message.split(":").slice(-1).join("").trim() : "unknown";
}
