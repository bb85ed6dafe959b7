/** Relups as values. */

export { RelupError } from "./errors.ts";
export { type Direction, type RelupPath, readRelup } from "./read-relup.ts";
export {
  changedModules,
  parseRelup,
  type Relup,
  type RelupEntry,
  restartsEmulator,
} from "./relup.ts";
