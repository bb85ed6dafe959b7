/** The process of ours in whose name casts are sent; it ignores what comes back. */

import { LocalProcess } from "./processes.ts";

/** Takes the replies to the spawn requests of casts. */
export class Casts extends LocalProcess {
  override lost(): void {}
}
