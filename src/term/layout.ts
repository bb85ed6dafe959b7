/** Lines: a printed term as a tree of texts, joined on one line or wrapped to a width. */

/** A piece of printed text: whole, a pair of a key and its value, or a bracketed sequence. */
export type Doc = string | Pair | Group;

/** `key: value` or `key => value`; `key` ends with the sign between the two. */
export class Pair {
  readonly key: Doc;
  readonly value: Doc;
  readonly length: number;

  constructor(key: Doc, value: Doc) {
    this.key = key;
    this.value = value;
    this.length = key.length + value.length;
  }
}

/** Items between brackets. `bar`, if any, stands before the last item instead of the comma. */
export class Group {
  readonly open: string;
  readonly items: readonly Doc[];
  readonly close: string;
  readonly comma: string;
  readonly bar: string;
  readonly length: number;

  constructor(
    open: string,
    items: readonly Doc[],
    close: string,
    comma: string,
    bar: string = comma,
  ) {
    this.open = open;
    this.items = items;
    this.close = close;
    this.comma = comma;
    this.bar = bar;
    let length = open.length + close.length;
    if (items.length > 1) length += comma.length * (items.length - 2) + bar.length;
    for (const item of items) length += item.length;
    this.length = length;
  }

  /** What stands between the item at `index` and the one before. */
  glue(index: number): string {
    if (index === 0) return "";
    return index === this.items.length - 1 ? this.bar : this.comma;
  }
}

/** The text of a doc, in lines of at most `width` characters where it can be broken. */
export function layout(doc: Doc, width: number): string {
  const out: string[] = [];
  write(doc, 0, width, 0, out);
  return out.join("");
}

// `room` is what has to fit behind the doc on its last line.
function write(doc: Doc, column: number, width: number, room: number, out: string[]): void {
  if (typeof doc === "string") {
    out.push(doc);
  } else if (column + doc.length + room <= width) {
    flat(doc, out);
  } else if (doc instanceof Pair) {
    flat(doc.key, out);
    write(doc.value, column + doc.key.length, width, room, out);
  } else if (doc.items.length === 0) {
    out.push(doc.open, doc.close);
  } else if (doc.items.every((item) => typeof item === "string")) {
    fill(doc, column, width, room, out);
  } else {
    broken(doc, column, width, room, out);
  }
}

function flat(doc: Doc, out: string[]): void {
  if (typeof doc === "string") {
    out.push(doc);
  } else if (doc instanceof Pair) {
    flat(doc.key, out);
    flat(doc.value, out);
  } else {
    out.push(doc.open);
    doc.items.forEach((item, index) => {
      out.push(doc.glue(index));
      flat(item, out);
    });
    out.push(doc.close);
  }
}

// One item to a line: pairs are indented by two, other items stand under the first one.
function broken(doc: Group, column: number, width: number, room: number, out: string[]): void {
  const block = doc.items[0] instanceof Pair;
  const inner = block ? column + 2 : column + doc.open.length;
  out.push(doc.open);
  if (block) out.push(newline(inner));
  doc.items.forEach((item, index) => {
    if (index > 0) out.push(doc.glue(index).trim(), newline(inner));
    const behind = index < doc.items.length - 1 || block ? 1 : room + doc.close.length;
    write(item, inner, width, behind, out);
  });
  if (block) out.push(newline(column));
  out.push(doc.close);
}

// As many items on a line as fit: for sequences of plain values.
function fill(doc: Group, column: number, width: number, room: number, out: string[]): void {
  const inner = column + doc.open.length;
  let at = inner;
  out.push(doc.open);
  doc.items.forEach((item, index) => {
    const last = index === doc.items.length - 1;
    const glue = doc.glue(index);
    const behind = last ? room + doc.close.length : 1;
    if (index > 0 && at + glue.length + item.length + behind > width) {
      out.push(glue.trim(), newline(inner));
      at = inner;
    } else {
      out.push(glue);
      at += glue.length;
    }
    out.push(item as string);
    at += item.length;
  });
  out.push(doc.close);
}

function newline(indent: number): string {
  return `\n${" ".repeat(indent)}`;
}
