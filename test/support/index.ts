/** Real BEAM nodes for tests: where they come from, and how they are started. */

export { makeCookie, uniqueName } from "../../src/testing/launch/home.ts";
export { freePort } from "../../src/testing/launch/port.ts";
export {
  hasEjabberd,
  hasRabbit,
  type Otp,
  provision,
  provisionRabbit,
  type RabbitFiles,
} from "./beam/provision.ts";
export type { OtpSet } from "./beam/sets.ts";
export { type EjabberdProcess, startEjabberd } from "./launch/ejabberd.ts";
export { answers, type EpmdProcess, startEpmd } from "./launch/epmd.ts";
export { BeamProcess, type ErlOptions, startErl } from "./launch/erl.ts";
export { type RabbitProcess, startRabbit } from "./launch/rabbit.ts";
