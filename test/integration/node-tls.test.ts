/** Links over TLS with real `inet_tls_dist` nodes, and among ourselves: who is let in, who is not, and why. */

import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConnectOptions, connect, startNode } from "../../src/node/index.ts";
import { TlsError } from "../../src/transport/index.ts";
import { Cli } from "../support/cli/run.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";
import { type Certificates, makeCertificates } from "../support/tls/certificates.ts";

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("a node of %s behind TLS", (set) => {
  let certificates: Certificates;
  let stranger: Certificates;
  let erl: BeamProcess;
  beforeAll(async () => {
    const otp = await provision(set);
    certificates = await makeCertificates(otp);
    stranger = await makeCertificates(otp);
    erl = await startErl({
      otp,
      args: ["-proto_dist", "inet_tls", "-ssl_dist_optfile", certificates.optfile],
    });
  });
  afterAll(async () => {
    await erl?.[Symbol.asyncDispose]();
    await stranger?.[Symbol.asyncDispose]();
    await certificates?.[Symbol.asyncDispose]();
  });
  const dial = (more: Partial<ConnectOptions> = {}) =>
    connect(erl.name, {
      cookie: erl.cookie,
      address: { host: "127.0.0.1", port: erl.port },
      tls: certificates.client,
      ...more,
    });

  it("is reached with a certificate that it knows, for small and large messages", async () => {
    await using node = await dial();
    expect(node.name).toBe(erl.name);
    expect(await node.call("lists", "sum", [[1, 2, 3]])).toBe(6);
    const large = new Uint8Array(20_000_000);
    expect(await node.call("erlang", "byte_size", [large], { timeout: 30_000 })).toBe(large.length);
    const copy = node.call("binary", "copy", [new Uint8Array(1_000), 20_000], { timeout: 30_000 });
    expect(((await copy) as Uint8Array).length).toBe(20_000_000);
  });

  it("asks for the certificates anew at each connection", async () => {
    let asked = 0;
    const tls = () => {
      asked++;
      return certificates.client;
    };
    await (await dial({ tls })).close();
    await (await dial({ tls })).close();
    expect(asked).toBe(2);
  });

  it.each<[string, (own: Certificates) => Partial<ConnectOptions>, RegExp, RegExp]>([
    [
      "without a certificate of ours",
      ({ client: { ca } }) => ({ tls: { ca } }),
      /ALERT_HANDSHAKE_FAILURE|ALERT_CERTIFICATE_REQUIRED|ECONNRESET/,
      /wants a certificate of ours|wants (one|a certificate) and we gave none/,
    ],
    [
      "with a certificate of a stranger",
      ({ client: { ca } }) => ({ tls: { ...stranger.client, ca } }),
      /ALERT|ECONNRESET/,
      /did not accept our certificate/,
    ],
    [
      "when we do not know its authority",
      ({ client: { cert, key } }) => ({ tls: { cert, key } }),
      /SELF_SIGNED|UNABLE/,
      /as `ca`/,
    ],
    [
      "under another name",
      ({ client }) => ({ tls: { ...client, servername: "elsewhere" } }),
      /ALTNAME/,
      /servername/,
    ],
    [
      "with a key that is none",
      ({ client }) => ({ tls: { ...client, key: "secret nonsense" } }),
      /DECODER|PEM|NO_START_LINE|unsupported/i,
      /both in PEM/,
    ],
  ])("is not reached %s", async (_name, options, reason, remedy) => {
    const error = await dial(options(certificates)).then(
      () => "connected",
      (caught: unknown) => caught,
    );
    const tls = error instanceof TlsError ? error : (error as Error).cause;
    expect(tls, inspect(error)).toBeInstanceOf(TlsError);
    expect((tls as TlsError).reason).toMatch(reason);
    expect((tls as TlsError).remedy).toMatch(remedy);
    const shown = inspect(error, { depth: 9, showHidden: true });
    for (const secret of [erl.cookie, certificates.client.key, "secret nonsense"]) {
      expect(shown).not.toContain(secret);
    }
  });

  it("with the wrong cookie is told from a wrong certificate", async () => {
    await expect(dial({ cookie: "other" })).rejects.toMatchObject({ name: "CookieRefusedError" });
  });

  it("is operated by the command, with files", async () => {
    await using cli = await Cli.for(erl);
    const file = (name: string) => join(certificates.folder, name);
    await chmod(file("client.key"), 0o600);
    const ca = ["--tls-ca", file("client.ca")];
    const own = ["--tls-cert", file("client.pem"), "--tls-key", file("client.key")];
    const { stdout, code } = await cli.run(["ping", ...ca, ...own]);
    expect(stdout).toContain(`pong from ${erl.name}`);
    expect(code).toBe(0);
    const cases: [string[], number, RegExp][] = [
      [[...ca, ...own, "--tls-name", "elsewhere"], 77, /no TLS with .*ALTNAME/],
      [[...own], 77, /no TLS with/],
      [[...ca, "--tls-cert", file("client.pem")], 78, /go together/],
      [["--tls-ca", file("nothing"), ...own], 78, /cannot be read/],
    ];
    for (const [flags, wanted, cause] of cases) {
      const finished = await cli.run(["ping", ...flags]);
      expect(finished.stderr).toMatch(cause);
      expect(finished.stderr.trimEnd().split("\n")).toHaveLength(2);
      expect(finished.code).toBe(wanted);
    }
    await chmod(file("client.key"), 0o644);
    const open = await cli.run(["ping", ...ca, ...own]);
    expect(open.stderr).toContain("can be read by others");
    expect(open.code).toBe(78);
  });

  it("takes no plain link", async () => {
    await expect(dial({ tls: undefined, timeout: 3_000 })).rejects.toMatchObject({
      code: "BEAM_CONNECT",
    });
  });
});

describe("ours behind TLS", () => {
  let certificates: Certificates;
  let renewed: Certificates;
  beforeAll(async () => {
    const otp = await provision("otp27");
    certificates = await makeCertificates(otp);
    renewed = await makeCertificates(otp);
  });
  afterAll(async () => {
    await certificates?.[Symbol.asyncDispose]();
    await renewed?.[Symbol.asyncDispose]();
  });

  it("takes the versions of TLS that it should, and goes on with renewed certificates", async () => {
    const reasons: unknown[] = [];
    await using listener = await startNode("tls@localhost", {
      cookie: "shared",
      listen: { epmd: false, tls: certificates.server },
      refused: (reason) => reasons.push(reason),
    });
    const address = { host: "127.0.0.1", port: listener.port };
    const dial = (tls: ConnectOptions["tls"]) =>
      connect("tls@localhost", { cookie: "shared", address, tls });
    await using first = await dial({ ...certificates.client, minVersion: "TLSv1.3" });
    expect(await first.ping()).toBeGreaterThan(0);
    expect(() => listener.reload({ cert: "no", key: "no" })).toThrow(TlsError);
    listener.reload(renewed.server);
    await expect(dial(certificates.client)).rejects.toThrow(TlsError);
    await using second = await dial(renewed.client);
    expect(await second.ping()).toBeGreaterThan(0);
    expect(await first.ping()).toBeGreaterThan(0); // what is up goes on
    await expect(dial({ ca: renewed.client.ca })).rejects.toThrow();
    await expect.poll(() => reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toBeInstanceOf(TlsError);
    const remedies = () => reasons.map((reason) => (reason as TlsError).remedy);
    await expect.poll(remedies).toContainEqual(expect.stringMatching(/gave no certificate/));
  });

  it("is told from a port without TLS", async () => {
    await using listener = await startNode("plain@localhost", {
      cookie: "shared",
      listen: { epmd: false },
    });
    const address = { host: "127.0.0.1", port: listener.port };
    const error = await connect("plain@localhost", {
      cookie: "shared",
      address,
      tls: certificates.client,
      timeout: 500,
    }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TlsError);
  });
});
