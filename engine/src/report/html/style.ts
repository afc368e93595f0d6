/**
 * The style of the HTML report: system fonts, no outside resources, light, dark and paper. Rung colours differ in
 * lightness for colour-blind readers, and every segment also has its number. Excluded trials are hatched.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --grid: #e7ebef; --band: #f6f8fa;
  --link: #0a58ca; --mark: #1f5fa8; --quiet: #8b949e; --warn: #8a3b00; --warn-page: #fff4e5;
  --rung-0: #4c8fc4; --rung-1: #a9d3c8; --rung-2: #b79ad0; --rung-3: #f0c24b; --rung-4: #e2793d; --rung-5: #9c2325; --rung-6: #4a0e1c;
  --excluded: #8b949e;
  --on-light: #1b1f24; --on-dark: #ffffff;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #10151b; --ink: #e2e8ee; --soft: #9ba7b4; --line: #2d3640; --grid: #222a33; --band: #171e26;
    --link: #7fb4f5; --mark: #74aef0; --quiet: #7d8895; --warn: #ffc078; --warn-page: #2e2210;
    --rung-0: #4584b8; --rung-1: #8fbfb3; --rung-2: #a98bc4; --rung-3: #d9ac36; --rung-4: #d56f35; --rung-5: #b8393b; --rung-6: #7a1730;
    --excluded: #7d8895;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
footer { padding-bottom: 48px; color: var(--soft); font-size: 13px; }
h1 { margin: 0 0 4px; font-size: 15px; font-weight: 600; color: var(--soft); }
h2 { margin: 44px 0 6px; font-size: 20px; line-height: 1.3; }
h3 { margin: 24px 0 4px; font-size: 15px; }
p { margin: 6px 0; max-width: 76ch; }
a { color: var(--link); }
.headline { margin: 0 0 12px; font-size: 21px; line-height: 1.4; font-weight: 600; max-width: 72ch; overflow-wrap: anywhere; }
.beside { margin: 0; padding-left: 18px; color: var(--soft); }
.soft, figcaption, caption { color: var(--soft); }
.banner { margin: 0 0 20px; padding: 10px 14px; border: 2px solid var(--warn); border-radius: 4px; background: var(--warn-page); color: var(--warn); font-weight: 600; max-width: none; }
nav { margin-top: 20px; padding-top: 10px; border-top: 1px solid var(--line); font-size: 14px; }
nav a { margin-right: 16px; white-space: nowrap; text-decoration: none; }
nav a:hover { text-decoration: underline; }
.scroll { overflow-x: auto; }
details { margin: 12px 0; } summary { cursor: pointer; color: var(--link); font-size: 14px; } details[open] > summary { margin-bottom: 6px; }
table { width: 100%; margin: 10px 0 4px; border-collapse: separate; border-spacing: 0; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { padding-bottom: 6px; text-align: left; font-size: 1em; }
th, td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; unicode-bidi: isolate; }
thead th { vertical-align: bottom; color: var(--soft); font-size: 0.93em; }
td.number, th.number { white-space: nowrap; }
tr > :last-child { padding-right: 0; }
tbody th { overflow-wrap: anywhere; } tr > th:first-child { min-width: 150px; }
.group { padding-top: 14px; font-weight: 600; border-bottom-color: var(--grid); }
.level { display: block; color: var(--soft); font-size: 0.93em; }
span.wrap { max-width: 26ch; white-space: normal; }
.levels { margin-left: 6px; color: var(--soft); font-size: 0.93em; }
.figures td, .figures th { vertical-align: middle; } .figures thead th { vertical-align: bottom; }
td.plot, th.plot { width: 42%; min-width: 250px; padding: 0 30px 0 14px; }
td.plot { background: linear-gradient(to right, var(--grid) 1px, transparent 1px) 14px 0 / calc((100% - 44px) / 4) 100% repeat-x; }
.narrow td.plot, .narrow th.plot { width: 27%; }
td.bar, th.bar { width: 56%; min-width: 260px; }
svg { display: block; width: 100%; overflow: visible; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--soft); }
.range { stroke: var(--mark); stroke-width: 2; }
.point { fill: var(--mark); stroke: var(--mark); stroke-width: 2; }
.share { fill: var(--mark); }
.control-arm .range { stroke: var(--quiet); }
.control-arm .point { fill: var(--page); stroke: var(--quiet); }
.reference { stroke: var(--quiet); stroke-width: 1; }
svg text.on-light { fill: var(--on-light); } svg text.on-dark { fill: var(--on-dark); }
svg text.on-hatch { fill: var(--ink); paint-order: stroke; stroke: var(--page); stroke-width: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0; padding: 0; list-style: none; font-size: 13px; }
.legend svg { display: inline-block; width: 14px; height: 12px; margin-right: 6px; vertical-align: -1px; }
code { font: 12.5px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; unicode-bidi: isolate; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 20px; margin: 10px 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ul.plain { margin: 6px 0; padding-left: 20px; max-width: 76ch; }
.trials td { overflow-wrap: anywhere; } .trials td:nth-child(4) { white-space: nowrap; } .trials th:first-child { width: 20%; } .trials th:nth-child(2) { width: 18%; }
.paper { display: none; }
.hidden { position: absolute; width: 0; height: 0; overflow: hidden; }
@media (max-width: 640px) {
  main, header, footer { padding: 0 16px; } header { padding-top: 24px; } .headline { font-size: 19px; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  caption { max-width: calc(100vw - 32px); }
  .rows, .rows caption, .rows thead, .rows tbody, .rows tr, .rows th, .rows td { display: block; } .rows thead th:not(.plot) { display: none; }
  .rows tbody th, .rows tbody td { border-bottom: 0; } .rows tbody tr { border-bottom: 1px solid var(--line); padding: 4px 0; } .rows th, .rows td { padding: 2px 0; }
  .rows td.plot, .rows th.plot, .rows td.bar, .rows th.bar { width: auto; min-width: 0; padding: 2px 14px; } .rows td.plot { background-position: 14px 0; background-size: calc((100% - 28px) / 4) 100%; }
}
@page { margin: 16mm 14mm; }
@media print {
  body { font-size: 9.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  nav { display: none; } .paper { display: block; } .trials tbody tr:nth-child(n + 41) { display: none; }
  td.plot, th.plot, td.bar, th.bar { min-width: 0; }
  .headline { font-size: 15pt; } h2 { font-size: 13pt; margin-top: 22pt; }
  h2, h3, caption { break-after: avoid; } tr, figure, .legend { break-inside: avoid; } thead { display: table-header-group; }
  table, dl { font-size: 8.5pt; } svg text { font-size: 7.5pt; } .legend { font-size: 8pt; } .scroll { overflow: visible; } a { color: inherit; text-decoration: none; } code { font-size: 7.5pt; }
}
`;
