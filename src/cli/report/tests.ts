import type { TestRun } from '../../commands/shapes.js';
import { formatTime, formatValue, labelOf, personOf } from '../output/format.js';
import { type Html, html } from '../output/html.js';
import { isDrawable, pictureOf } from '../plot/picture.js';
import { drawSvg } from '../plot/svg.js';
import { imageKey } from './images.js';
import { commentList, fileList, joined, NONE, table, thumbnail, webLink } from './parts.js';
import type { ReportData } from './read-report.js';

/** The test runs: a table of all, then each with its values. */
export function testsSection(data: ReportData): Html {
  const { runs, deletedRuns } = data;
  const deleted =
    deletedRuns === 0 ? '' : html`<p class="soft">Deleted test runs are left out: ${deletedRuns}.</p>`;
  if (runs.length === 0) return html`<section id="tests"><h2>Tests</h2>${NONE}${deleted}</section>`;
  const rows = runs.map(
    (
      run,
      index,
    ) => html`<tr><td><a href="#run-${index}">${labelOf(run.testType)}</a></td><td>${formatTime(run.date)}</td><td>${labelOf(run.stage)}</td><td>${run.runNumber}</td><td>${outcome(run)}</td></tr>
`,
  );
  return html`<section id="tests"><h2>Tests</h2>${table(['Test', 'Date', 'Stage', 'Run', 'Result'], rows, 'tests')}${deleted}</section>
<section><h2>Results</h2>${runs.map((run, index) => article(run, index, data))}</section>`;
}

function outcome({ passed, problems }: TestRun): Html {
  return html`${passed ? html`<span class="passed">passed</span>` : html`<span class="failed">failed</span>`}${problems ? html` <span class="problems">problems</span>` : ''}`;
}

function article(run: TestRun, index: number, { site, images }: ReportData): Html {
  const { id, testType, date, stage, runNumber, institution, user, defects, comments, attachments } = run;
  const facts = [
    formatTime(date),
    stage ? `stage ${labelOf(stage)}` : '',
    runNumber ? `run ${runNumber}` : '',
    labelOf(institution),
    personOf(user),
  ];
  const plot = isDrawable(run) ? drawSvg(pictureOf([run])) : undefined;
  const pictures = (run.results ?? []).flatMap(({ code, name }) => {
    const image = images.get(imageKey(id, code));
    return image === undefined
      ? []
      : [html`<li>${thumbnail(image, name || code)}<div class="name"><bdi>${name || code}</bdi></div></li>`];
  });
  return html`<article id="run-${index}"><h3><bdi>${labelOf(testType)}</bdi> ${outcome(run)}</h3>
<p class="soft">${joined(facts)}. ${webLink(run, site, 'Page in the database')}</p>
<div class="run ${plot === undefined ? '' : 'drawn'}"><div>${values(run, images)}</div>${plot === undefined ? '' : html`<div>${plot}</div>`}</div>
${pictures.length === 0 ? '' : html`<h4>Images</h4><ul class="files">${pictures}</ul>`}
${defects?.length ? html`<h4>Defects</h4><ul>${defects.map(({ name, description }) => html`<li><b><bdi>${name}</bdi></b> <bdi>${description}</bdi></li>`)}</ul>` : ''}
${comments?.length ? html`<h4>Comments</h4>${commentList(comments)}` : ''}
${attachments?.length ? html`<h4>Attachments</h4>${fileList(id, attachments, images)}` : ''}
</article>
`;
}

/** The conditions, then the measured values. */
function values({ id, properties, results }: TestRun, images: ReportData['images']): Html {
  const measured = (results ?? []).filter(({ code }) => !images.has(imageKey(id, code)));
  const rows = [...(properties ?? []), ...measured].map(
    ({
      name,
      code,
      value,
    }) => html`<tr><td><bdi>${name || code}</bdi></td><td class="text" dir="auto">${formatValue(value)}</td></tr>
`,
  );
  return rows.length === 0 ? NONE : table(['Name', 'Value'], rows);
}
