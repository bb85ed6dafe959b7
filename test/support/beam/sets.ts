/** The table of what can be provisioned: a set is a Debian suite (or several to try) and package names, never versions. */

/** The sets that hold an OTP with Elixir beside it. */
export type OtpSet = "otp23" | "otp25" | "otp27" | "otp29";
/** RabbitMQ alone; it runs on an OTP of another set. */
export type RabbitSet = "rabbitmq38" | "rabbitmq310" | "rabbitmq43";
/** Every set: the OTPs, what is run on them or brings its own, and what programs of others need to speak to them. */
export type SetName = OtpSet | RabbitSet | "ejabberd" | "strangers";

/** What a set is made of. */
export interface SetSpec {
  /** Debian suites in the order to try. */
  readonly suites: readonly string[];
  /** Packages taken with everything they depend on. */
  readonly packages: readonly string[];
  /** Packages taken alone: they run on another set's OTP. */
  readonly alone: readonly string[];
  /** The OTP release it must report, if it holds an OTP; suites that still move may report a newer one. */
  readonly release?: { readonly number: number; readonly orNewer: boolean };
}

// Beside Elixir: what a third-party system such as RabbitMQ expects of an OTP installation.
const OTP = [
  "elixir",
  "erlang-base",
  "erlang-crypto",
  "erlang-eldap",
  "erlang-inets",
  "erlang-mnesia",
  "erlang-os-mon",
  "erlang-parsetools",
  "erlang-public-key",
  "erlang-runtime-tools",
  "erlang-ssl",
  "erlang-syntax-tools",
  "erlang-tools",
  "erlang-xmerl",
];

function otp(number: number, suites: readonly string[], orNewer = false): SetSpec {
  return { suites, packages: OTP, alone: [], release: { number, orNewer } };
}

/** All sets by name. */
export const SETS: Readonly<Record<SetName, SetSpec>> = {
  otp23: otp(23, ["bullseye"]),
  otp25: otp(25, ["bookworm"]),
  otp27: otp(27, ["trixie"]),
  otp29: otp(29, ["forky", "sid"], true),
  rabbitmq38: { suites: ["bullseye"], packages: [], alone: ["rabbitmq-server"] },
  rabbitmq310: { suites: ["bookworm"], packages: [], alone: ["rabbitmq-server"] },
  rabbitmq43: { suites: ["forky", "sid"], packages: [], alone: ["rabbitmq-server"] },
  // With an OTP of its own: its libraries in C want the C libraries that they were packaged with.
  ejabberd: {
    suites: ["trixie"],
    packages: ["ejabberd", "erlang-base", "erlang-tools"],
    alone: [],
    release: { number: 27, orNewer: false },
  },
  // The small compilers: half of what a JDK weighs, a fifth of gcc.
  strangers: {
    suites: ["bookworm"],
    packages: ["default-jre-headless", "ecj", "libc6-dev", "tcc"],
    alone: ["erlang-dev", "erlang-jinterface"],
  },
};

/** Whether `name` is a set. */
export function isSet(name: string): name is SetName {
  return Object.hasOwn(SETS, name);
}

/** Whether the set is RabbitMQ's. */
export function isRabbit(name: SetName): name is RabbitSet {
  return name.startsWith("rabbitmq");
}
