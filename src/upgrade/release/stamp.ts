/** The time in names of backups. */

/** Names that hold it sort by time; in UTC of this machine. */
export function stamp(): string {
  return new Date().toISOString().replace(/[-:]/g, "");
}
