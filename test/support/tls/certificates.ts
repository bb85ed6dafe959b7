/** Certificates for tests, made by the `public_key` of a provisioned OTP: nothing has to be installed, and none is ever committed. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Otp } from "../index.ts";

/** One side: its certificate, its key, and the authority of the other side, in PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Credentials of a node and of its callers, also as files with an `ssl_dist_optfile`. */
export interface Certificates extends AsyncDisposable {
  readonly server: Credentials;
  readonly client: Credentials;
  readonly folder: string;
  /** For `-ssl_dist_optfile`: asks callers for a certificate. */
  readonly optfile: string;
}

const MAKE = `
Key = {namedCurve, secp256r1},
San = {'Extension', {2,5,29,17}, false, [{dNSName, HOST}]},
Chain = #{root => [{key, Key}, {digest, sha256}], intermediates => [],
          peer => [{key, Key}, {digest, sha256}, {extensions, [San]}]},
#{server_config := Server, client_config := Client} =
    public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}),
Pem = fun(Entries) -> public_key:pem_encode([{Type, Der, not_encrypted} || {Type, Der} <- Entries]) end,
Write = fun(Name, Config) ->
    {KeyType, Key1} = proplists:get_value(key, Config),
    ok = file:write_file(Name ++ ".pem", Pem([{'Certificate', proplists:get_value(cert, Config)}])),
    ok = file:write_file(Name ++ ".key", Pem([{KeyType, Key1}])),
    ok = file:write_file(Name ++ ".ca", Pem([{'Certificate', Ca} || Ca <- proplists:get_value(cacerts, Config)]))
end,
Write("server", Server), Write("client", Client), halt().`;

/** Makes a new authority for each side, and one certificate each for `host`. */
export async function makeCertificates(otp: Otp, host = "localhost"): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), "beamctl-tls-"));
  const source = MAKE.replace("HOST", JSON.stringify(host));
  await promisify(execFile)(otp.bin("erl"), ["-noinput", "-eval", source], {
    cwd: folder,
    env: { ...process.env, ...otp.env, HOME: folder, ERL_CRASH_DUMP_SECONDS: "0" },
  });
  const file = (name: string) => join(folder, name);
  const read = async (side: string): Promise<Credentials> => ({
    cert: await readFile(file(`${side}.pem`), "utf8"),
    key: await readFile(file(`${side}.key`), "utf8"),
    ca: await readFile(file(`${side}.ca`), "utf8"),
  });
  const options = (side: string, more: string) =>
    `[{certfile,"${file(`${side}.pem`)}"},{keyfile,"${file(`${side}.key`)}"},` +
    `{cacertfile,"${file(`${side}.ca`)}"},{verify,verify_peer}${more}]`;
  const optfile = file("ssl_dist.conf");
  const server = options("server", ",{fail_if_no_peer_cert,true}");
  await writeFile(optfile, `[{server,${server}},{client,${options("server", "")}}].\n`);
  return {
    server: await read("server"),
    client: await read("client"),
    folder,
    optfile,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
