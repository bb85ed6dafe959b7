/** The file system that a path lies on, by Linux's `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). */

/** A mount. */
export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Of the file system, as `/dev/sda1`, `overlay` or `tmpfs`. */
  readonly source: string;
}

/** The mount that holds the path: the longest mount point above it, of several the last one. `undefined` when the text tells of none. */
export function mountOf(mountinfo: string, path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const point = unescaped(left?.split(" ")[4] ?? "");
    const [type = "", source = ""] = right?.split(" ") ?? [];
    const above = point === "/" || path === point || path.startsWith(`${point}/`);
    if (point === "" || type === "" || !above) continue;
    if (found === undefined || point.length >= found.point.length) {
      found = { point, type, source: unescaped(source) };
    }
  }
  return found;
}

/** Space, tabulator, line feed and backslash are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
