/** The style of a report: light and dark, on screens of any width and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --page: #f3f5f8;
  --accent: #1f5fa8; --good: #1a7f4b; --bad: #b3261e; --warn: #8a5a00; --warn-paper: #fff4dc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #343c48; --paper: #1b2028;
  --page: #12161c; --accent: #7fb2ee; --good: #5ecb94; --bad: #ff8a80; --warn: #f0c36d; --warn-paper: #332a17; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
main, footer { max-width: 68rem; margin: 0 auto; padding: 1rem; }
header, section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem;
  margin-bottom: 1rem; }
h1, h2, h3 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.7rem; }
h2 { font-size: 1.2rem; margin-bottom: .75rem; }
h3 { font-size: 1rem; }
h4 { font-size: .85rem; margin: 1rem 0 .35rem; color: var(--soft); }
p { margin: .25rem 0; }
a { color: var(--accent); }
.soft, footer, .none { color: var(--soft); }
.badges { display: flex; flex-wrap: wrap; gap: .4rem; margin: .6rem 0 0; padding: 0; list-style: none; }
.badges li, .passed, .failed, .problems { border: 1px solid currentColor; border-radius: 999px; padding: 0 .6rem;
  font-size: .85rem; white-space: nowrap; }
.badges li { white-space: normal; }
.passed { color: var(--good); }
.failed { color: var(--bad); }
.problems, .badges .warn { color: var(--warn); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .6rem 1.5rem;
  margin: 1rem 0 0; }
.facts div { min-width: 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; }
nav { margin-top: 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.warning { background: var(--warn-paper); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; min-width: min(100%, 30rem); font-size: .92rem; }
th, td { text-align: start; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
tr:last-child > td { border-bottom: 0; }
.tests { width: 100%; }
.tests td, .tests th { overflow-wrap: normal; }
td.text { min-width: 9rem; }
.tree, .tree ul { list-style: none; margin: 0; padding-inline-start: 1.1rem; }
.tree { padding-inline-start: 0; }
.tree ul { border-inline-start: 1px solid var(--line); }
.tree li { padding: .1rem 0; }
.this { font-weight: 700; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
article:last-child { padding-bottom: 0; }
.run { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 1.5rem; }
@media (min-width: 60rem) { .run.drawn { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); } }
.plot { display: block; width: 100%; max-width: 40rem; height: auto; fill: var(--ink); margin-top: .5rem; }
@media (max-width: 40rem) { .plot text:not(.title) { font-size: 18px; } }
.plot .paper { fill: none; }
.plot .grid { stroke: var(--line); }
.plot .frame { stroke: var(--soft); }
.comments { list-style: none; margin: 0; padding: 0; }
.comments li { border-inline-start: 3px solid var(--line); padding-inline-start: .75rem; margin-bottom: .75rem; }
.comments p { white-space: pre-wrap; }
.files { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); }
.files li { min-width: 0; }
.files img { display: block; margin-bottom: .35rem; width: 100%; height: 10rem; object-fit: contain; background: var(--page);
  border: 1px solid var(--line); border-radius: 6px; }
.name { font-weight: 600; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --page: #fff; --accent: #000;
    --good: #0a5c33; --bad: #8f1c15; --warn: #5c3c00; --warn-paper: #fff; }
  body { font-size: 10pt; }
  main, footer { max-width: none; padding: 0; }
  header, section { border: 0; border-radius: 0; padding: 0 0 .5rem; }
  nav { display: none; }
  .scroll { overflow: visible; }
  tr, figure, li, .plot, .files img, h2, h3, h4 { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
}
`;
