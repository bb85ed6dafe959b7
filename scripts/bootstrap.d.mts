/** What tests use of bootstrap.mjs. */

/** The folder of the repository. */
export const ROOT: string;
