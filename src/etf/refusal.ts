/** Values that are no terms: what they are, and what to use instead. */

/** Why a value cannot be written; the writer adds where it is. */
export class Refusal extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Why this value is no term. Its contents do not appear, since they may be secret. */
export function whyNoTerm(value: unknown): Refusal {
  const [what, remedy] = explain(value);
  return new Refusal(`${what} is no Erlang term`, remedy);
}

function explain(value: unknown): [what: string, remedy: string] {
  switch (typeof value) {
    case "string":
      return [
        "a JavaScript string",
        'Use binary("...") for an Elixir string, charlist("...") for an Erlang string, or atom("...").',
      ];
    case "undefined":
      return ["undefined", 'Use atom("undefined") or atom("nil").'];
    case "boolean":
      return [`the JavaScript value ${value}`, `Use bool(${value}).`];
    case "number":
      return Number.isInteger(value)
        ? ["a number beyond 2^53", "Use a bigint for a large integer, or new Float(...)."]
        : ["a number that is no integer", "Use new Float(...); NaN and Infinity are no terms."];
    case "object":
      return value === null
        ? ["null", 'Use atom("nil") or atom("undefined").']
        : explainObject(value);
    case "bigint":
    case "symbol":
    case "function":
      return [`a JavaScript ${typeof value}`, "Use the values of beamctl/term."];
  }
}

function explainObject(value: object): [what: string, remedy: string] {
  const name = String(value.constructor?.name ?? "");
  if (value instanceof Map || name === "Object" || name === "") {
    return ["a JavaScript object", 'Use new TermMap([[atom("key"), value]]).'];
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return [`an object of class ${name}`, "Use a Uint8Array of its bytes."];
  }
  if (value instanceof Set) return ["a JavaScript Set", "Use an array for a list."];
  return [
    `an object of class ${name}`,
    "Use the values of beamctl/term; two installed copies of beamctl do not know each other's.",
  ];
}
