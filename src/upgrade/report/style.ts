/** The look of the page: light, dark and on paper, without anything from elsewhere. */

export const STYLE: string = `
:root{color-scheme:light dark;--ink:#1b2330;--soft:#5c6675;--line:#d9dee6;--paper:#fff;--card:#f6f8fb;--stage:#6b8fc9;--step:#a9bcd9;
--install:#7a55c7;--hold:#e08a2b;--listener:#3f9c8f;--queue:#c2477f;--good:#1e7d46;--bad:#b3261e;--warn:#9a6200}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--soft:#9aa5b5;--line:#323b49;--paper:#12161d;--card:#1a202a;--stage:#6f94d1;--step:#4a6085;
--install:#a183e6;--hold:#e79a45;--listener:#4fb3a5;--queue:#e071a4;--good:#5fca8b;--bad:#ff8a80;--warn:#e9b44c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:24px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:16px;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--line)}
p{margin:6px 0}.soft{color:var(--soft)}
.verdict{margin:20px 0;padding:14px 18px;border-radius:8px;background:var(--card);border-left:5px solid var(--good);overflow-wrap:anywhere}
.verdict.failed{border-left-color:var(--bad)}.verdict.planned{border-left-color:var(--stage)}
.verdict strong{font-size:17px}.verdict.failed strong{color:var(--bad)}.verdict.done strong{color:var(--good)}
.big{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}
.big div{flex:1 1 130px;background:var(--card);border-radius:8px;padding:10px 14px}
.big b{display:block;font-size:21px;font-variant-numeric:tabular-nums}.big span{color:var(--soft);font-size:13px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 6px;font-size:13px}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600}thead th{color:var(--soft);font-size:13px;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}tbody th{font-weight:400;width:46%}td.n+td:not(.n),th.n+th:not(.n){padding-left:16px}
.scroll{overflow-x:auto}
.log td{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap}.log td:nth-child(-n+2){white-space:nowrap}
.tag{display:inline-block;padding:0 8px;border-radius:9px;border:1px solid currentColor;font-size:12px}
.refusal,.danger,.error{color:var(--bad)}.warning{color:var(--warn)}.notice,.info,.debug{color:var(--soft)}
svg{display:block;width:100%;min-width:720px;height:auto;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .when,svg .took{fill:var(--soft);font-size:11px}
svg .tick{stroke:var(--line)}svg .held{fill:var(--hold);opacity:.13}svg .limit{stroke:var(--bad);stroke-dasharray:4 3}
svg .stage rect{fill:var(--stage)}svg .step rect{fill:var(--step)}svg .install rect{fill:var(--install)}
svg .hold rect{fill:var(--hold)}svg .listener rect{fill:var(--listener)}svg .failed rect{fill:var(--bad)}
svg .step .name{fill:var(--soft);font-size:11px}
svg .queue polyline{fill:none;stroke:var(--queue);stroke-width:2}svg .queue circle{fill:var(--queue)}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--card:#fff;--good:#1e7d46;--bad:#b3261e;--warn:#9a6200;--stage:#6b8fc9;--step:#a9bcd9;--install:#7a55c7;--hold:#e08a2b;--listener:#3f9c8f;--queue:#c2477f}
main{padding:0;max-width:none}h2,tr,.verdict{break-inside:avoid}h2{break-after:avoid}svg{min-width:0}.scroll{overflow:visible}svg *,.verdict,.big div{print-color-adjust:exact;-webkit-print-color-adjust:exact}.big div{border:1px solid var(--line)}}
`;
