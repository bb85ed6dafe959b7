/** Where edeliver's instructions print: in its upgrade script, which to the node is any connected node with a name of one kind. */

import { isBeamError, UsageError } from "../errors.ts";
import { type BeamNode, type LocalNode, Raise, type ServedFunction } from "../node/index.ts";
import { atom, charlist, inspect, ioFormat, type Term, textOf } from "../term/index.ts";

/** What edeliver looks for among the visible nodes, and its report of a starting system among the hidden ones. */
const UPGRADER = /upgrader_\d+/;
const MAINTENANCE = /_maint_\d+/;

/** Most characters of one text; the rest of it is cut off. */
const MAX_TEXT = 16_384;
/** Most texts, and most characters in all; of more, only that there were more is told. */
const MAX_TEXTS = 10_000;
const MAX_CHARACTERS = 1_048_576;
/** How long the node may take to say that all it has printed is on its way, in milliseconds. */
const PATIENCE = 2_000;

const USER = atom("user");
const REFUSED = atom("notsup");

/** What a node prints in its upgrade script, until it is disposed of. */
export interface UpgradeScript extends Disposable {
  /** Resolves when all has come that the node printed until now; after 2 s, or when the link is lost, without. Never rejects. */
  settled(): Promise<void>;
}

/**
 * Takes what code on `node` prints in edeliver's upgrade script (`format_in_upgrade_script`), and calls `onText` with each text as it comes.
 * edeliver finds `local` by its name: visible and `..upgrader_<digits>..`, or for `Edeliver.StartupProgress` hidden and `.._maint_<digits>..`.
 *
 * From now on `local` answers `io:format(user, Format, Args)` (io of stdlib) of this node, and still refuses all else. What does not fit its
 * format is shown as it came. A text is as the node made it, and may hold characters that steer a terminal. At most 16,384 characters
 * of a text, 10,000 texts and 1 MiB in all are passed on. Harmless for the node; what being visible means, `docs/edeliver.md` says.
 * @throws UsageError when edeliver would not find `local`, it is not connected to the node, or the node's texts are taken already
 * @example
 * import { receiveUpgradeScript, startNode, upgrade } from "beamctl";
 *
 * const cookie = process.env.SHOP_COOKIE!;
 * await using us = await startNode("shop_upgrader_1@localhost", { cookie, visible: true });
 * const shop = await us.connect("shop@localhost");
 * using script = receiveUpgradeScript(us, shop.name, (text) => process.stdout.write(text));
 * await upgrade(shop, "0.2.0");
 * await script.settled();
 */
export function receiveUpgradeScript(
  local: LocalNode,
  node: string,
  onText: (text: string) => void,
): UpgradeScript {
  if (!(local.visible ? UPGRADER : MAINTENANCE).test(local.name)) {
    throw new UsageError(`edeliver prints nothing to ${local.name}`, {
      remedy: "Name it `<name>_upgrader_<number>@host` and start it with `visible: true`.",
    });
  }
  const link = local.nodes.get(node);
  if (link === undefined) {
    throw new UsageError(`${local.name} is not connected to ${node}`, {
      remedy: "Connect it first: `await local.connect(node)`.",
    });
  }
  const desk = deskOf(local);
  if (desk.readers.has(node)) {
    throw new UsageError(`what ${node} prints to ${local.name} is taken already`);
  }
  const reader = new Reader(onText);
  desk.readers.set(node, reader);
  return {
    settled: () => settled(link),
    [Symbol.dispose]: () => {
      if (desk.readers.get(node) !== reader) return;
      desk.readers.delete(node);
      if (desk.readers.size > 0) return;
      desks.delete(local);
      desk.allowed[Symbol.dispose]();
    },
  };
}

/** Who reads what on one node of ours: its function is allowed once, whoever calls it. */
interface Desk {
  readonly readers: Map<string, Reader>;
  readonly allowed: Disposable;
}

const desks = new WeakMap<LocalNode, Desk>();

function deskOf(local: LocalNode): Desk {
  const known = desks.get(local);
  if (known !== undefined) return known;
  const readers = new Map<string, Reader>();
  const format: ServedFunction = ([device, text, args], { node }) => {
    const reader = readers.get(node);
    if (reader === undefined || device !== USER) throw new Raise("error", REFUSED);
    reader.take(text as Term, args as Term);
    return atom("ok");
  };
  const desk = { readers, allowed: local.allow("io", "format", 3, format) };
  desks.set(local, desk);
  return desk;
}

// A node answers over the same link, behind what it has sent there before.
async function settled(link: BeamNode): Promise<void> {
  await link.call("erlang", "node", [], { timeout: PATIENCE }).catch(() => undefined);
}

/** Passes texts on until there were too many. */
class Reader {
  readonly #onText: (text: string) => void;
  #texts = 0;
  #characters = 0;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  take(format: Term, args: Term): void {
    if (this.#texts > MAX_TEXTS || this.#characters > MAX_CHARACTERS) return;
    const text = textFor(format, args);
    this.#texts += 1;
    this.#characters += text.length;
    const over = this.#texts > MAX_TEXTS || this.#characters > MAX_CHARACTERS;
    const shown = over ? "---> ! it prints too much: the rest is not shown\n" : cut(text);
    // Outside of the link's own work: what the user's function throws is the user's.
    queueMicrotask(() => this.#onText(shown));
  }
}

function textFor(format: Term, given: Term): string {
  const args = Array.isArray(given) ? (given as readonly Term[]) : [given]; // as io:format/3 has it
  return (
    formatted(format, args) ??
    formatted(unicode(format), args) ??
    `${inspect([format, given], { syntax: "erlang", limit: 50 })}\n`
  );
}

function formatted(format: Term, args: readonly Term[]): string | undefined {
  try {
    return ioFormat(format, args);
  } catch (error) {
    if (!isBeamError(error)) throw error;
    return undefined;
  }
}

// edeliver prints by `~s`, which takes no text beyond Latin-1 and loses it on a node's own `user`.
function unicode(format: Term): Term {
  const text = Array.isArray(format) ? textOf(format) : undefined;
  if (text === undefined) return format;
  return charlist(text.replace(/~~|~s/g, (found) => (found === "~s" ? "~ts" : found)));
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…\n` : text;
}
