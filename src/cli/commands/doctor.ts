/** `beamctl doctor`: each step of a connection on its own, so that the one that fails is seen. */

import { lookup } from "node:dns/promises";
import { WrongNodeNameError } from "../../dist/index.ts";
import { BeamError, isBeamError } from "../../errors.ts";
import { epmdLookup, epmdNames } from "../../node/index.ts";
import { connectTcp } from "../../transport/index.ts";
import type { Run } from "../command.ts";
import { exitCodeOf } from "../error-exit.ts";
import type { Globals } from "../globals.ts";
import { Printer } from "../output/printer.ts";
import { connectTo, epmdAddress } from "../session.ts";
import { findTarget, type Target } from "../target.ts";

interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

export const run: Run = async (globals) => {
  const steps: Step[] = [];
  let failure: unknown;
  try {
    await examine(globals, (step, detail) => steps.push({ step, ok: true, detail }));
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    failure = error.cause;
    const remedy = isBeamError(failure) ? failure.remedy : undefined;
    steps.push({
      step: error.step,
      ok: false,
      detail: failure instanceof Error ? failure.message : String(failure),
      ...(remedy === undefined ? {} : { remedy }),
    });
    if (failure instanceof WrongNodeNameError) {
      steps.push({ step: "real name", ok: true, detail: failure.actual });
    }
  }
  const printer = new Printer(globals);
  printer.rows(
    steps,
    [
      { title: "STEP", cell: ({ step }) => step },
      { title: "", cell: ({ ok }) => printer.style(ok ? "green" : "red", ok ? "ok" : "failed") },
      { title: "WHAT", cell: ({ detail }) => detail },
    ],
    ({ step, ok, detail, remedy }) => ({ step, ok, detail, remedy: remedy ?? null }),
    "",
  );
  if (failure === undefined) return undefined;
  const remedy = steps.find((step) => step.remedy !== undefined)?.remedy;
  if (remedy !== undefined) printer.note(`try: ${remedy}`);
  return exitCodeOf(failure);
};

class StepFailed extends Error {
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(step, { cause });
    this.step = step;
  }
}

async function examine(globals: Globals, passed: (step: string, detail: string) => void) {
  const attempt = async <T>(step: string, work: () => Promise<T>, detail: (value: T) => string) => {
    const value = await work().catch((cause: unknown) => {
      throw new StepFailed(step, cause);
    });
    passed(step, detail(value));
    return value;
  };
  const target = await attempt(
    "cookie",
    () => findTarget(globals),
    ({ cookieSource }) => `from ${cookieSource}`,
  );
  const { host, port } = await address(globals, target, attempt);
  await attempt(
    "port",
    async () => (await connectTcp({ host, port, timeout: 5000 })).destroy(),
    () => `${host}:${port} accepts connections`,
  );
  const node = await attempt(
    "handshake",
    () => connectTo(globals, target),
    (connected) => `${connected.name} accepted us as ${connected.localName}`,
  );
  try {
    await attempt(
      "round trip",
      () => node.ping(),
      (ms) => `${ms.toFixed(2)} ms`,
    );
  } finally {
    await node.close();
  }
}

type Attempt = <T>(
  step: string,
  work: () => Promise<T>,
  detail: (value: T) => string,
) => Promise<T>;

async function address(
  globals: Globals,
  target: Target,
  attempt: Attempt,
): Promise<{ host: string; port: number }> {
  if (target.address !== undefined) {
    const at = target.address.lastIndexOf(":");
    return { host: target.address.slice(0, at), port: Number(target.address.slice(at + 1)) };
  }
  const [name, host] = target.node.split("@") as [string, string];
  await attempt(
    "host",
    () => resolve(host),
    (found) => `${host} is ${found}`,
  );
  const asked = { host, ...(globals.epmd === undefined ? {} : epmdAddress(globals.epmd)) };
  await attempt(
    "epmd",
    () => epmdNames(asked),
    (names) => `knows ${names.map((known) => known.name).join(", ") || "no node"}`,
  );
  const port = await attempt(
    "name",
    () => epmdLookup(name, asked),
    (found) => `${name} listens on port ${found.port}`,
  );
  return { host, port: port.port };
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new UnknownHost(host, cause);
  }
}

class UnknownHost extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(host: string, cause: unknown) {
    super(`the host ${host} is not known here`, {
      remedy: "Check the part after the @ and the DNS, or dial with --address host:port.",
      cause,
    });
  }
}
