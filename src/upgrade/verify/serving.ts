/** Whether the node serves as before: its listeners and acceptors, and whether channels answer. */

import { setTimeout as delay } from "node:timers/promises";
import { Answer, BATCH, type Remote, runScript, Script } from "../../otp/index.ts";
import { atom, type Pid } from "../../term/index.ts";
import { type Channel, channels, type Listener, listeners } from "../../topology/index.ts";
import { ok, some, type VerifiedItem } from "./verified.ts";

type Item = Omit<VerifiedItem, "at">;

/** Channels that are asked; milliseconds that they have, twice; milliseconds that acceptors have to come back. */
const SAMPLE = 20;
const WAIT = 2_000;
const BACK = 3_000;

/** Compares with the listeners of before. One that was not well then need not be now. Read-only. */
export async function listenerItem(remote: Remote, before: readonly Listener[]): Promise<Item> {
  const until = performance.now() + BACK;
  for (;;) {
    const now = new Map((await listeners(remote)).map((one) => [one.name, one]));
    const wrong = before.flatMap((one) => {
      const why = different(one, now.get(one.name));
      return why === undefined ? [] : [{ name: one.name, why }];
    });
    if (wrong.length === 0) {
      const acceptors = before.reduce((sum, one) => sum + one.acceptors.length, 0);
      return (
        moved(before, now) ??
        ok("listeners", before.length, `as before, with ${acceptors} acceptors`)
      );
    }
    if (performance.now() >= until) {
      return {
        what: "listeners",
        result: "failed",
        compared: before.length,
        found: wrong.map(({ name, why }) => `${name} ${why}`).join("; "),
        about: wrong.map(({ name }) => name),
      };
    }
    await delay(200); // an acceptor that has just been started may not be there yet
  }
}

function different(before: Listener, now: Listener | undefined): string | undefined {
  if (now === undefined) return "is gone";
  if (before.status !== "running") return undefined;
  if (now.status !== "running") return `is ${now.status}, before it was running`;
  const [had, has] = [before.acceptors.length, now.acceptors.length];
  return has < had ? `has ${has} acceptors, before ${had}` : undefined;
}

/** A new configuration may have meant it. */
function moved(before: readonly Listener[], now: ReadonlyMap<string, Listener>): Item | undefined {
  const text = ({ address }: Listener) =>
    address ? `${address.ip}:${address.port}` : "no address";
  const moves = before.flatMap((one) => {
    const other = now.get(one.name);
    return other === undefined || text(one) === text(other)
      ? []
      : [{ name: one.name, why: `listens on ${text(other)}, before on ${text(one)}` }];
  });
  if (moves.length === 0) return undefined;
  return {
    what: "listeners",
    result: "warning",
    compared: before.length,
    found: moves.map(({ name, why }) => `${name} ${why}`).join("; "),
    about: moves.map(({ name }) => name),
  };
}

/** How many channels there are by module; `undefined` when they cannot be seen on this node. */
export type ChannelCounts = ReadonlyMap<string, number> | undefined;

/** Counts channels. No channel is sent a message but those that hibernate. */
export async function countChannels(remote: Remote): Promise<ChannelCounts> {
  const found = await channels(remote, { topics: false });
  return found === "not_detected" ? undefined : countsOf(found);
}

function countsOf(found: readonly Channel[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { module } of found) counts.set(module, (counts.get(module) ?? 0) + 1);
  return counts;
}

/** Asks a sample of the channels for their status, spread over all, and counts them. A connection is asked nothing. Read-only. */
export async function channelItem(remote: Remote, before: ChannelCounts): Promise<Item> {
  const found = await channels(remote, { topics: false });
  if (found === "not_detected") return ok("channels", 0, "none can be seen on this node");
  const counts = countsOf(found);
  const modules = [...new Set([...(before?.keys() ?? []), ...counts.keys()])].toSorted();
  const told = modules.map((module) => {
    const [had, has] = [before?.get(module) ?? 0, counts.get(module) ?? 0];
    return `${module} ${has}${before === undefined || had === has ? "" : ` (before ${had})`}`;
  });
  const lost = modules.filter((module) => {
    const [had, has] = [before?.get(module) ?? 0, counts.get(module) ?? 0];
    return had - has >= 10 && has < had / 2;
  });
  const step = Math.max(1, Math.ceil(found.length / SAMPLE));
  const sample = found.filter((_, index) => index % step === 0).map(({ pid }) => pid);
  const { suspended, silent, answered } = await ask(remote, sample);
  const text =
    found.length === 0 && told.length === 0
      ? "there are none"
      : `${answered} of ${sample.length} asked answer; ${some(told)}`;
  const bad = suspended.length > 0 || (silent.length > 0 && answered === 0);
  const odd = silent.length > 0 || lost.length > 0;
  return {
    what: "channels",
    result: bad ? "failed" : odd ? "warning" : "ok",
    compared: found.length,
    found: suspended.length > 0 ? `${suspended.length} are suspended; ${text}` : text,
    about: [...suspended, ...silent].map(String).concat(lost),
  };
}

async function ask(remote: Remote, sample: readonly Pid[]) {
  let silent = sample;
  let answered = 0;
  const suspended: Pid[] = [];
  // A channel that works off what came while it was held answers later.
  for (let tries = 0; tries < 2 && silent.length > 0; tries++) {
    const bindings = { Pids: [...silent], Wait: WAIT };
    const answer = new Answer(remote, ASK.name);
    const rows = answer.list(await runScript(remote, ASK, bindings, { timeout: WAIT + 10_000 }));
    const again: Pid[] = [];
    for (const row of rows) {
      const [pid, state] = answer.tuple(row, 2);
      if (state === atom("timeout")) again.push(answer.pid(pid));
      else if (state === atom("suspended")) suspended.push(answer.pid(pid));
      else answered++; // also one that has ended: its client has left
    }
    silent = again;
  }
  return { suspended, silent, answered };
}

const ASK: Script = new Script({
  name: "channels_answer",
  bindings: ["Pids", "Wait"],
  readOnly: true,
  source: `
${BATCH}
[{Pid, case Status of {_, State} -> State; Other -> Other end} || {Pid, Status} <- Statuses(Pids, Now() + Wait)]`,
});
