/** Light or dark as the system is. Each text has a contrast of 4.5 to 1 or more against what is behind it. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b2430; --soft: #55606e; --line: #d5dae1; --link: #0a58b0; --focus: #0a58b0;
  --good: #17613a; --good-back: #dff3e6; --bad: #a01522; --bad-back: #fde4e4; --warn: #7a4a00; --warn-back: #fdeecb;
  --plain-back: #e8ebf0; --bar: #1b2a41; --bar-text: #f3f6fb; --bar-soft: #bcc8da;
  --part-0: #3b82c4; --part-1: #d9822b; --part-2: #c23b4b; --part-3: #7b57b2; --part-4: #2f8f6b; --part-5: #8a6d3b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #19212b; --text: #e4e9f0; --soft: #a3afbe; --line: #334050; --link: #84b9f5; --focus: #84b9f5;
    --good: #8fdcae; --good-back: #14382a; --bad: #ffa3a8; --bad-back: #45181d; --warn: #f3cb77; --warn-back: #3f2f0d;
    --plain-back: #2a3542; --bar: #0a1420; --bar-text: #f3f6fb; --bar-soft: #b3c1d4;
    --part-0: #5b9bd8; --part-1: #e59a4b; --part-2: #e0626f; --part-3: #a284d6; --part-4: #52b58d; --part-5: #b79a61;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.hidden:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; padding: 0; border: 0; min-height: 0; }
.skip:focus { position: absolute; top: 8px; left: 8px; padding: 6px 12px; background: var(--card); z-index: 1; }
header { background: var(--bar); color: var(--bar-text); }
header :focus-visible { outline-color: var(--bar-text); }
header > div { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; padding: 10px 24px; max-width: 1280px; margin: auto; }
header .name { font-weight: 700; font-size: 17px; color: var(--bar-text); text-decoration: none; }
header nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
header nav a { color: var(--bar-soft); text-decoration: none; padding: 4px 0; border-bottom: 2px solid transparent; }
header nav a:hover { color: var(--bar-text); }
header nav a[aria-current] { color: var(--bar-text); border-color: var(--bar-text); }
header form { margin-left: auto; }
header input { background: var(--card); color: var(--text); border-color: var(--line); width: 260px; max-width: 60vw; }
main { padding: 20px 24px 48px; max-width: 1280px; margin: auto; }
footer { padding: 16px 24px; max-width: 1280px; margin: auto; color: var(--soft); font-size: 13px; display: flex; gap: 16px; align-items: center; }
h1 { font-size: 22px; margin: 4px 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 26px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 6px; overflow-wrap: anywhere; }
p { margin: 8px 0; }
small, .soft { color: var(--soft); }
code, pre, .id { font: 13px/1.45 ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
section, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 14px 0; }
section > :first-child, .card > :first-child { margin-top: 0; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 0 18px; }
.two > * { min-width: 0; }
.scroll { overflow: auto; position: relative; }
pre.scroll { max-height: 420px; margin: 8px 0; padding: 10px 12px; background: var(--page); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
td { overflow-wrap: break-word; min-width: 70px; }
td time { white-space: nowrap; }
td code { overflow-wrap: break-word; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; }
th.number + th:not(.number), td.number + td:not(.number) { padding-left: 18px; }
tbody tr:last-child td { border-bottom: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 8px 24px; margin: 8px 0; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.badge.good, .notice.good { color: var(--good); background: var(--good-back); }
.badge.bad, .notice.bad { color: var(--bad); background: var(--bad-back); }
.badge.warn, .notice.warn { color: var(--warn); background: var(--warn-back); }
.badge.plain, .notice.plain { color: var(--text); background: var(--plain-back); }
.notice { padding: 9px 14px; border-radius: 6px; overflow-wrap: anywhere; }
.notice a { color: inherit; }
form.fields, .stacked .fields { display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: end; }
label { display: grid; gap: 2px; font-size: 13px; color: var(--soft); }
input, select { font: inherit; font-size: 15px; color: var(--text); background: var(--page); border: 1px solid var(--soft); border-radius: 6px; padding: 5px 9px; min-height: 34px; }
input.long { width: 360px; max-width: 80vw; }
form.stacked { display: grid; gap: 14px; justify-items: start; }
fieldset { border: 1px solid var(--line); border-radius: 6px; padding: 8px 14px 12px; margin: 0; display: grid; gap: 6px; }
legend { color: var(--soft); font-size: 13px; padding: 0 4px; }
input[type=radio] { min-height: 0; width: 16px; height: 16px; margin: 3px 0; }
input[type=number] { width: 110px; }
input[type=checkbox] { min-height: 0; width: 18px; height: 18px; }
label.tick { display: flex; gap: 8px; align-items: start; color: var(--text); font-size: 15px; }
button { font: inherit; font-weight: 600; color: #ffffff; background: #0a58b0; border: 1px solid #0a58b0; border-radius: 6px; padding: 5px 16px; min-height: 34px; cursor: pointer; }
button.danger { background: #a01522; border-color: #a01522; }
button.quiet { color: var(--text); background: var(--card); border-color: var(--soft); }
.actions { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(290px, 100%), 1fr)); gap: 18px; }
.actions form { display: grid; gap: 8px; align-content: start; justify-items: start; }
.actions input { width: 100%; }
.actions label { width: 100%; }
.actions h3 { margin: 0; }
ol.steps { list-style: none; margin: 8px 0; padding: 0; }
ol.steps > li { border-left: 3px solid var(--line); padding: 4px 0 6px 14px; }
ol.steps > li.failed { border-color: var(--bad); }
ol.steps > li.done { border-color: var(--good); }
ol.steps .attempt { margin: 4px 0; }
ol.steps ol.steps { margin: 4px 0 4px 4px; }
.timeline > li { padding-bottom: 12px; }
details > summary { cursor: pointer; }
.pager { display: flex; gap: 18px; margin: 10px 0; }
.plot { margin: 8px 0; }
.plot svg { width: 100%; height: auto; max-height: 220px; }
.plot text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.plot .grid { stroke: var(--line); }
.plot .target { fill: transparent; }
.plot g:hover .target { fill: var(--plain-back); }
.plot .key { margin-right: 16px; font-size: 13px; color: var(--soft); }
.plot .key i { display: inline-block; width: 11px; height: 11px; margin-right: 5px; border-radius: 2px; }
.part-0 { fill: var(--part-0); background: var(--part-0); } .part-1 { fill: var(--part-1); background: var(--part-1); }
.part-2 { fill: var(--part-2); background: var(--part-2); } .part-3 { fill: var(--part-3); background: var(--part-3); }
.part-4 { fill: var(--part-4); background: var(--part-4); } .part-5 { fill: var(--part-5); background: var(--part-5); }
progress { width: 100%; height: 14px; accent-color: var(--link); }
@media (prefers-reduced-motion: no-preference) { header nav a { transition: color .15s; } }
`;
