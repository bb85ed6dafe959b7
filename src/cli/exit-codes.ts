/** The exit codes of the command, the table that scripts rely on. */

/** The exit codes by meaning; numbers of 64 and above are those of sysexits.h. */
export const EXIT = {
  done: 0,
  raised: 1,
  degraded: 2,
  refused: 3,
  leftSuspended: 4,
  usage: 64,
  data: 65,
  unreachable: 69,
  software: 70,
  timeout: 75,
  denied: 77,
  config: 78,
  interrupted: 130,
} as const;
