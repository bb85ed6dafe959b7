/** Copies a release package to the node, in chunks that the node verifies. */

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { AbortedError, UsageError } from "../../errors.ts";
import { Answer, hex, problemOf, type Remote, releasePlaces, runScript } from "../../otp/index.ts";
import { Atom, bool, charlist, type Term } from "../../term/index.ts";
import { type Operation, startOperation } from "../operation.ts";
import { ReleaseError } from "./errors.ts";
import { type ReleasePackage, readPackage } from "./package.ts";
import { FINISH, FREE, LOOK, TAKE } from "./push-scripts.ts";

/** How a package is pushed. */
export interface PushOptions {
  /** The release's name on the node, when the package was built under another. Default the package's own. */
  readonly as?: string;
  /** Whether another file of that name may be replaced. Default `false`. */
  readonly force?: boolean;
  /** Bytes of a chunk, 64 KiB to 4 MiB. Default 512 KiB. */
  readonly chunkSize?: number;
  readonly signal?: AbortSignal;
}

/** How far a push is; `at` is in epoch milliseconds, sizes are bytes. */
export type PushEvent =
  | {
      readonly type: "package";
      readonly name: string;
      readonly version: string;
      readonly size: number;
      readonly file: string;
      readonly at: number;
    }
  | {
      readonly type: "progress";
      /** Bytes that the node has verified, those of an earlier push among them. */
      readonly done: number;
      readonly size: number;
      readonly at: number;
    };

/** What a push did. */
export interface PushReport {
  readonly node: string;
  readonly name: string;
  readonly version: string;
  /** The path on the node. */
  readonly file: string;
  readonly size: number;
  readonly md5: string;
  /** Bytes that were sent; less than `size` when an earlier push had been interrupted, 0 when the file was there. */
  readonly sent: number;
  readonly already: boolean;
}

/** Chunks under way at a time: the node holds no more than these. */
const WINDOW = 4;
/** How often a chunk that arrives damaged is sent again. */
const TRIES = 3;
const PATIENCE = 120_000;

/**
 * Copies a release package to `releases/NAME-VSN.tar.gz` on the node. Each chunk carries its MD5, which the node compares before it writes
 * and again after; the whole file is compared at the end and then renamed into place, so a half-sent one is never taken for a package. What
 * an interrupted push left (`NAME-VSN.tar.gz.beamctl-part`) is gone on with. Safe on a busy production node: a few chunks are under way at a time, and
 * other traffic goes between their fragments.
 * @throws ReleaseError when it is no package, another file is there, the disk is too small, or a chunk cannot be written
 * @example
 * import { pushRelease } from "beamctl";
 *
 * const push = pushRelease(node, "shop-0.2.0.tar.gz");
 * for await (const event of push) if (event.type === "progress") console.log(event.done, event.size);
 * const { file, md5 } = await push;
 */
export function pushRelease(
  remote: Remote,
  path: string,
  options: PushOptions = {},
): Operation<PushEvent, PushReport> {
  return startOperation(
    (emit, _id, signal) => new Push(remote, options, emit, signal).run(path),
    options.signal,
  );
}

class Push {
  readonly #remote: Remote;
  readonly #options: PushOptions;
  readonly #emit: (event: PushEvent) => void;
  readonly #signal: AbortSignal;
  readonly #chunk: number;
  #part = "";

  constructor(
    remote: Remote,
    options: PushOptions,
    emit: (event: PushEvent) => void,
    signal: AbortSignal,
  ) {
    const { chunkSize = 512 * 1024 } = options;
    if (!Number.isInteger(chunkSize) || chunkSize < 65_536 || chunkSize > 4_194_304) {
      throw new UsageError("a chunk is 65536 to 4194304 bytes");
    }
    this.#remote = remote;
    this.#options = options;
    this.#emit = emit;
    this.#signal = signal;
    this.#chunk = chunkSize;
  }

  async run(path: string): Promise<PushReport> {
    const found = await readPackage(path);
    const { size, md5, version } = found;
    const name = this.#options.as ?? found.name;
    if (!/^[^/\0]+$/.test(name)) throw new UsageError(`${JSON.stringify(name)} is no file name`);
    const { releases } = await releasePlaces(this.#remote);
    const file = `${releases}/${name}-${version}.tar.gz`;
    this.#part = `${file}.beamctl-part`;
    this.#emit({ type: "package", name, version, size, file, at: Date.now() });
    const about = { node: this.#remote.name, name, version, file, size, md5 };
    const there = await this.#look(file);
    if (there.same(found)) return { ...about, sent: 0, already: true };
    if (there.exists && this.#options.force !== true) throw this.#inTheWay(file);
    const source = await open(path);
    try {
      const sent = await this.#send(source, found, there.chunks, releases);
      await this.#finish(file, found);
      return { ...about, sent, already: false };
    } finally {
      await source.close();
    }
  }

  async #look(file: string) {
    const answer = new Answer(this.#remote, LOOK.name);
    const bindings = { File: charlist(file), Part: charlist(this.#part), Chunk: this.#chunk };
    const result = await runScript(this.#remote, LOOK, bindings, { timeout: PATIENCE });
    const [found, chunks] = answer.tuple(result, 2);
    const [size, md5] = found instanceof Atom ? [] : answer.tuple(found, 2);
    return {
      exists: size !== undefined,
      same: (one: ReleasePackage) => size === one.size && hex(md5) === one.md5,
      chunks: answer.list(chunks).map(hex),
    };
  }

  /** Sends what is not there yet; resolves to how many bytes that were. */
  async #send(
    source: FileHandle,
    { size, path }: ReleasePackage,
    there: readonly string[],
    folder: string,
  ): Promise<number> {
    const missing: number[] = [];
    let done = 0;
    for (let at = 0; at < size; at += this.#chunk) {
      const bytes = await read(source, path, at, Math.min(this.#chunk, size - at));
      if (md5Of(bytes).toString("hex") === there[at / this.#chunk]) done += bytes.length;
      else missing.push(at);
    }
    const progress = () => this.#emit({ type: "progress", done, size, at: Date.now() });
    progress();
    await this.#roomFor(size - done, folder);
    let [sent, next, failed] = [0, 0, false];
    const lane = async () => {
      for (;;) {
        const at = missing[next++];
        if (at === undefined || failed) return;
        this.#mayGoOn();
        const bytes = await read(source, path, at, Math.min(this.#chunk, size - at));
        try {
          await this.#take(at, bytes);
        } catch (error) {
          failed = true; // the other lanes end after the chunk they have
          throw error;
        }
        sent += bytes.length;
        done += bytes.length;
        progress();
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: WINDOW }, lane));
    for (const ended of lanes) if (ended.status === "rejected") throw ended.reason;
    return sent;
  }

  async #take(at: number, bytes: Buffer): Promise<void> {
    const bindings = {
      Part: charlist(this.#part),
      At: at,
      Bytes: bytes as Term,
      Digest: md5Of(bytes) as Term,
    };
    let problem: string | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const result = await runScript(this.#remote, TAKE, bindings, { timeout: PATIENCE });
      problem = problemOf(result);
      if (problem === undefined) return;
      if (problem !== "damaged") break;
    }
    throw new ReleaseError(`${this.#part} cannot be written: ${WHY[problem ?? ""] ?? problem}`, {
      node: this.#remote.name,
      remedy: "Mend the cause and push again: what the node has verified is not sent again.",
    });
  }

  async #finish(file: string, { size, md5 }: ReleasePackage): Promise<void> {
    const bindings = {
      File: charlist(file),
      Part: charlist(this.#part),
      Size: size,
      Digest: Buffer.from(md5, "hex") as Term,
      Force: bool(this.#options.force === true),
    };
    const result = await runScript(this.#remote, FINISH, bindings, { timeout: PATIENCE });
    const problem = problemOf(result);
    if (problem === undefined) return;
    if (problem === "eexist") throw this.#inTheWay(file);
    const why = problem === "differs" ? "the whole differs from what was sent" : problem;
    throw new ReleaseError(`${file} was not put into place: ${why}`, {
      node: this.#remote.name,
      remedy: "Does another push of it run, or did the package change meanwhile? Push again.",
    });
  }

  async #roomFor(bytes: number, folder: string): Promise<void> {
    const free = await runScript(this.#remote, FREE, { Folder: charlist(folder) });
    if (typeof free !== "number" || free >= bytes) return; // the node may not be able to tell
    throw new ReleaseError(
      `${folder} has room for ${megabytes(free)}, and ${megabytes(bytes)} are missing`,
      { node: this.#remote.name, remedy: "Remove old versions there; nothing was sent." },
    );
  }

  #inTheWay(file: string): ReleaseError {
    return new ReleaseError(`${file} is there and is another file`, {
      node: this.#remote.name,
      remedy: "Is it of the same build? To replace it: --force.",
    });
  }

  #mayGoOn(): void {
    if (!this.#signal.aborted) return;
    throw new AbortedError("the push", {
      remedy: "Push again: what the node has verified is not sent again.",
      cause: this.#signal.reason,
    });
  }
}

const WHY: Readonly<Record<string, string>> = {
  damaged: "a chunk arrives damaged again and again",
  enospc: "the disk is full",
  eacces: "permission denied",
  erofs: "the file system is read-only",
  enoent: "the folder does not exist",
};

async function read(source: FileHandle, path: string, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await source.read(buffer, 0, length, at);
  if (bytesRead === length) return buffer;
  throw new ReleaseError(`${path} became shorter while it was sent`, { remedy: "Push it again." });
}

function md5Of(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
