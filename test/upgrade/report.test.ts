/** The report without a node: its figures, and that no text in it becomes anything but text. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/upgrade/index.ts";
import { type AnyReport, renderReport } from "../../src/upgrade/index.ts";
import { escapeHtml, visible } from "../../src/upgrade/report/escape.ts";
import { pauseFigures, percentile } from "../../src/upgrade/report/pauses.ts";
import { Timeline } from "../../src/upgrade/report/timeline.ts";

const COUNTS: AnyReport["counts"] = {
  suspended: 2,
  heldAcceptors: 1,
  died: 0,
  late: 0,
  refused: 0,
  clientsLeft: 1,
  endedSoon: 1,
  lookedAfter: 250,
  left: 0,
};

/** A report in which every text is this one. */
function reportOf(text: string, result: AnyReport["result"] = "failed"): AnyReport {
  const span = { name: text, start: 1, end: 90, state: "done" } as const;
  const finding: Finding = {
    code: text,
    severity: "warning",
    what: text,
    cause: text,
    remedy: text,
  };
  return {
    schema: 1,
    kind: "upgrade",
    title: text,
    operation: text,
    node: text,
    startedAt: 1_700_000_000_000,
    duration: 100,
    result,
    failure:
      result === "failed" ? { stage: text, outcome: text, message: text, remedy: text } : null,
    timeline: {
      stages: [span],
      steps: [span],
      hold: { start: 10, end: 90 },
      install: { start: 20, end: 30 },
      drain: { start: 12, end: 20 },
    },
    listeners: [{ name: text, mode: "hold", acceptors: 1, start: 5, end: 95 }],
    pauses: [{ group: text, count: 2, unknown: 1, min: 1, p50: 2, p99: 3, max: 3 }],
    queues: {
      samples: [{ at: 15, processes: 2, max: 1, sum: 2, memory: 9 }],
      ...{ max: 1, sum: 2, atResume: { max: 1, sum: 2 }, growth: 0, onHeap: 2 },
    },
    budget: { soft: 50, hard: 90, expected: 10, lowered: [text], held: 80, stopped: text },
    counts: COUNTS,
    findings: [finding],
    log: [{ at: 3, level: "info", text }],
    to: text,
    permanent: true,
    verified: {
      items: [
        {
          what: "modules",
          at: "installed",
          result: "failed",
          compared: 1,
          found: text,
          about: [text],
        },
      ],
      ok: false,
      modules: 3,
    },
  };
}

/** The tags of a page with their attributes, the texts between them left out. */
const skeleton = (html: string): string =>
  (html.match(/<[^>]*>/g) ?? []).join("").replace(/="[^"]*"/g, "");

describe("percentiles", () => {
  it("are values that occur, by the nearest rank", () => {
    expect(percentile([], 0.5)).toBe(0);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = values.toSorted((left, right) => left - right);
          const found = percentile(sorted, share);
          expect(values).toContain(found);
          const below = values.filter((value) => value <= found).length;
          expect(below).toBeGreaterThanOrEqual(share * values.length);
          const under = values.filter((value) => value < found).length;
          expect(under).toBeLessThan(share * values.length);
        },
      ),
    );
  });

  it("leave out whose end nobody saw, and say so", () => {
    expect(pauseFigures("channels", [30, undefined, 10, 20])).toEqual({
      ...{ group: "channels", count: 4, unknown: 1, min: 10, p50: 20, p99: 30, max: 30 },
    });
    expect(pauseFigures("channels", [undefined])).toMatchObject({ unknown: 1, max: 0 });
  });
});

describe("a timeline", () => {
  it("has a stage that failed, a step in hand, and its lines in order", async () => {
    const timeline = new Timeline();
    timeline.begin("check");
    await timeline.step("Info", async () => timeline.log("info", "one"));
    const never = timeline.step("Sleep", () => new Promise<void>(() => undefined));
    timeline.end("failed");
    timeline.log("warning", "two");
    void never;
    const [stage] = timeline.stages;
    expect(stage).toMatchObject({ name: "check", state: "failed" });
    expect(timeline.steps).toMatchObject([
      { name: "Info", state: "done" },
      { name: "Sleep", state: "running" },
    ]);
    for (const { start, end } of [...timeline.stages, ...timeline.steps]) {
      expect(end).toBeGreaterThanOrEqual(start);
    }
    expect(timeline.lines.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  it("keeps so many lines and counts the rest", () => {
    const timeline = new Timeline();
    for (let line = 0; line < 2_500; line++) timeline.log("info", String(line));
    expect(timeline.lines).toHaveLength(2_001);
    expect(timeline.lines.at(-1)?.text).toBe("500 more lines are not kept");
  });
});

describe("a page", () => {
  const evil = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "</style><script>alert(1)</script>",
      '" onload="alert(1)',
      "' style='x",
      "</title><img src=x onerror=alert(1)>",
      "--><svg/onload=alert(1)>",
      "&lt;b&gt;",
      "\u202egnp.exe\u0000\u001b[2J\ud800",
    ),
  );

  it("is the same page whatever the texts in it are", () => {
    const wished = new Map(
      (["failed", "done"] as const).map((result) => [
        result,
        skeleton(renderReport(reportOf("text", result), "html")),
      ]),
    );
    fc.assert(
      fc.property(evil, fc.constantFrom("failed" as const, "done" as const), (text, result) => {
        const page = renderReport(reportOf(text, result), "html");
        expect(skeleton(page)).toBe(wished.get(result));
        expect(page.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  it("needs nothing from elsewhere, and runs nothing", () => {
    const page = renderReport(reportOf("text"), "html");
    expect(page).not.toMatch(/<script|<link|<img|<iframe|src=|href=|url\(|@import/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).toContain('<svg viewBox="0 0 960');
    expect(page).toContain('role="img" aria-labelledby="drawn what"');
    expect(page).toContain("prefers-color-scheme:dark");
    expect(page).toContain("@media print");
    for (const tag of ["section", "table", "svg", "g", "main", "p"]) {
      const of = (pattern: string) => page.match(new RegExp(pattern, "g"))?.length ?? 0;
      expect([tag, of(`<${tag}[ >]`)]).toEqual([tag, of(`</${tag}>`)]);
    }
  });

  it("of a failed run names stage, outcome and what to do", () => {
    const report = {
      ...reportOf("x"),
      failure: {
        stage: "install",
        outcome: "restarting",
        message: "it broke",
        remedy: "Wait for it.",
      },
    };
    for (const format of ["html", "text", "summary"] as const) {
      const text = renderReport(report, format);
      expect(text).toContain("failed at install: the node is restarting");
      expect(text).toContain("Wait for it.");
    }
  });

  it("of nothing that was held is a page too", () => {
    const nothing = { start: 0, end: 0 };
    const bare: AnyReport = {
      ...reportOf("x", "planned"),
      timeline: { stages: [], steps: [], hold: null, install: null, drain: null },
      ...{
        duration: 0,
        listeners: [],
        pauses: [],
        queues: null,
        budget: null,
        findings: [],
        log: [],
      },
    };
    expect(renderReport(bare, "html")).toContain("nothing was changed");
    expect(renderReport(bare, "text")).not.toContain("NaN");
    const short = {
      ...bare,
      result: "done" as const,
      timeline: { ...bare.timeline, hold: nothing },
    };
    expect(renderReport(short, "html")).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("the text of others", () => {
  it("keeps to its line, and moves no terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const lines = renderReport(reportOf("x"), "text").split("\n").length;
        const own = renderReport(reportOf(text), "text");
        expect(own.split("\n")).toHaveLength(lines);
        expect(visible(text)).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}/u);
        expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      }),
    );
  });
});
