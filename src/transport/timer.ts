/** Timers for waits that users give. */

/** The longest that a timer of Node.js takes, in milliseconds: a longer one would fire at once. */
const LONGEST = 0x7fff_ffff;

/** As `setTimeout`, but what is longer than Node.js can wait is as long as it can, and what is over is now. */
export function after(milliseconds: number, work: () => void): NodeJS.Timeout {
  return setTimeout(work, Math.min(Math.max(1, milliseconds), LONGEST));
}
