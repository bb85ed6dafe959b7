/** The entries of a tar stream: POSIX ustar with GNU long names and pax paths, which is what tar, mix and systools write. */

import type { Readable } from "node:stream";

/** One entry; `read` gives its bytes, once, before the next entry is asked for. */
export interface TarEntry {
  readonly name: string;
  /** `0` a file, `5` a folder, `2` a symbolic link, … as in the header. */
  readonly type: string;
  readonly size: number;
  read(): Promise<Uint8Array>;
}

const BLOCK = 512;

/**
 * Reads entry by entry; contents that nobody reads are passed over.
 * @throws Error when it is no tar
 */
export async function* tarEntries(stream: Readable): AsyncGenerator<TarEntry> {
  const bytes = new Pieces(stream);
  let longName: string | undefined;
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    if (!checksumIsRight(header)) throw new Error("a header of it is damaged");
    const type = String.fromCharCode(header[156] ?? 0).replace("\0", "0");
    const size = Number.parseInt(text(header, 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size)) throw new Error("a header of it is damaged");
    let left = Math.ceil(size / BLOCK) * BLOCK;
    const read = async () => {
      const body = await bytes.take(left);
      left = 0;
      if (body === undefined) throw new Error("it ends in the middle");
      return body.subarray(0, size);
    };
    if (type === "L") longName = text(await read(), 0, size);
    else if (type === "x") longName = paxPath(await read()) ?? longName;
    else if (type !== "g") {
      const prefix = text(header, 257, 5) === "ustar" ? text(header, 345, 155) : "";
      const short = text(header, 0, 100);
      const name = longName ?? (prefix === "" ? short : `${prefix}/${short}`);
      longName = undefined;
      yield { name, type, size, read };
    }
    if (!(await bytes.skip(left))) throw new Error("it ends in the middle");
  }
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString("utf8");
}

function checksumIsRight(header: Uint8Array): boolean {
  const given = Number.parseInt(text(header, 148, 8).trim(), 8);
  // The field itself counts as spaces.
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === given;
}

/** `LENGTH path=VALUE\n` among the records of a pax header. */
function paxPath(body: Uint8Array): string | undefined {
  return /\d+ path=([^\n]*)\n/.exec(Buffer.from(body).toString("utf8"))?.[1];
}

/** Bytes of a stream by exact lengths. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: Readable) {
    this.#source = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async take(length: number): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.#next(missing);
      if (part === undefined) return undefined;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<boolean> {
    for (let missing = length; missing > 0; ) {
      const part = await this.#next(missing);
      if (part === undefined) return false;
      missing -= part.length;
    }
    return true;
  }

  async #next(most: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0) {
      const { value, done } = await this.#source.next();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}
