/** The services of docker-compose.yml, brought up beside anything else that runs on this machine, and taken away with all that they made. */

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ROOT } from "./bootstrap.mjs";

/** Each service, by what its ports are called. */
const SERVICES = { BANDIT: "bandit", COWBOY: "cowboy", TLS: "bandit-tls", E2E: "e2e" };
/** What the tests call them: Bandit's is also the one of no kind, Cowboy's the one beside it. */
const TARGETS = [
  ["", "bandit"],
  ["PEER_", "cowboy"],
  ...Object.entries(SERVICES).map(([kind, service]) => [`${kind}_`, service]),
];
/** The project that keeps the images. */
const KEEPER = "beamctl-phoenix";
const HEALTHY_WITHIN = 300_000;
const LOG_LINES = "50";

/** The command of Compose on this machine, as words, or in one sentence why there is none. */
export function findCompose() {
  const engine = capture(["docker", "version", "--format", "{{.Server.Version}}"]);
  if (engine.status !== 0) return { missing: "no Docker engine answers here" };
  for (const command of [["docker", "compose"], ["docker-compose"]]) {
    if (capture([...command, "version"]).status === 0) return { command };
  }
  return { missing: "Docker has no Compose here" };
}

/**
 * One run of the services, under a project name of its own. What is built is kept under another name, the same in each run, so that it is
 * built once.
 */
export class Compose {
  /** @param {readonly string[]} command */
  constructor(command) {
    this.command = command;
    this.project = `${KEEPER}-${process.pid}`;
    this.secrets = mkdtempSync(join(tmpdir(), "beamctl-phoenix-"));
    this.env = {
      ...process.env,
      COMPOSE_PROJECT_NAME: this.project,
      BEAMCTL_PHOENIX_SECRETS: this.secrets,
    };
    for (const kind of Object.keys(SERVICES)) {
      this.env[`BEAMCTL_PHOENIX_${kind}_PORT`] = "0";
      this.env[`BEAMCTL_PHOENIX_${kind}_DIST_PORT`] = "0";
    }
  }

  /** Builds, starts, and waits until all are healthy. @throws Error when one is not */
  async up(signal) {
    const secrets = join(ROOT, "test/integration/phoenix/docker/secrets");
    await this.#run([secrets, this.secrets], signal);
    await this.#run([...this.command, "-p", KEEPER, "build"], signal);
    await this.#run([...this.command, "up", "-d", "--build"], signal);
    const until = Date.now() + HEALTHY_WITHIN;
    for (const service of Object.values(SERVICES)) {
      const id = this.#id(service);
      for (;;) {
        const format = "{{.State.Status}} {{.State.Health.Status}}";
        const state = this.#tell(["docker", "inspect", "-f", format, id]);
        if (state === "running healthy") break;
        if (!/^(created|running)/.test(state) || Date.now() > until) {
          throw new Error(`the service ${service} is ${state}`);
        }
        await pause(1000, undefined, { signal });
      }
    }
  }

  /** What the tests read: `BEAMCTL_TEST_…`. */
  variables() {
    const found = { BEAMCTL_TEST_COOKIE_FILE: join(this.secrets, "cookie") };
    const certificates = join(this.secrets, "tls");
    this.#tell(["docker", "cp", `${this.#id(SERVICES.TLS)}:/tls/client`, certificates]);
    chmodSync(join(certificates, "client.key"), 0o600);
    found.BEAMCTL_TEST_TLS_CA = join(certificates, "ca.pem");
    found.BEAMCTL_TEST_TLS_CERT = join(certificates, "client.pem");
    found.BEAMCTL_TEST_TLS_KEY = join(certificates, "client.key");
    for (const [kind, service] of TARGETS) {
      found[`BEAMCTL_TEST_${kind}NODE`] = `shop@${service}`;
      found[`BEAMCTL_TEST_${kind}ADDRESS`] = this.#port(service, "9100");
      found[`BEAMCTL_TEST_${kind}HTTP`] = `http://${this.#port(service, "4000")}`;
    }
    return found;
  }

  /** The end of what the services have logged, on stderr. */
  logs() {
    spawnSync(
      this.command[0],
      [...this.command.slice(1), "logs", "--tail", LOG_LINES],
      this.#options(),
    );
  }

  /** Takes containers, volumes, network, secrets and this run's names of the images away; a Ctrl-C does not stop it. */
  async down() {
    await this.#run([...this.command, "down", "-v", "--rmi", "local", "--timeout", "30"]).catch(
      (error) => {
        process.stderr.write(`beamctl: ${error.message}: ${this.hint()}\n`);
      },
    );
    rmSync(this.secrets, { recursive: true, force: true });
  }

  /** How somebody brings it down by hand. */
  hint() {
    const down = `${this.command.join(" ")} -p ${this.project} down -v --rmi local`;
    return `BEAMCTL_PHOENIX_SECRETS=${this.secrets} ${down} && rm -r ${this.secrets}`;
  }

  #id(service) {
    return this.#tell([...this.command, "ps", "-a", "-q", service]);
  }

  #port(service, port) {
    return this.#tell([...this.command, "port", service, port]).replace(
      /^0\.0\.0\.0:/,
      "127.0.0.1:",
    );
  }

  #tell(words) {
    const { status, stdout, stderr } = capture(words, this.#options("pipe"));
    if (status === 0) return stdout.trim();
    throw new Error(`${words.join(" ")} failed: ${stderr.trim()}`);
  }

  // In a group of its own: a Ctrl-C is ours alone, and we decide what of it is ended.
  async #run([program, ...args], signal) {
    signal?.throwIfAborted();
    await new Promise((resolve, reject) => {
      const child = spawn(program, args, { ...this.#options(), detached: true });
      const end = () => child.kill("SIGINT");
      signal?.addEventListener("abort", end, { once: true });
      child.on("error", reject);
      child.on("close", (code) => {
        signal?.removeEventListener("abort", end);
        if (signal?.aborted) reject(new Error("interrupted"));
        else if (code === 0) resolve();
        else reject(new Error(`${[program, ...args].join(" ")} ended with ${code}`));
      });
    });
  }

  #options(output = 2) {
    return { cwd: ROOT, env: this.env, stdio: ["ignore", output, output === "pipe" ? "pipe" : 2] };
  }
}

function capture([program, ...args], options = {}) {
  return spawnSync(program, args, { encoding: "utf8", ...options });
}
