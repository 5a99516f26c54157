import { createHash } from 'node:crypto';
import { VERSION } from '../../util/version.js';
import { formatTime, labelOf, titleOf } from '../output/format.js';
import { type Html, html, trusted } from '../output/html.js';
import { aboutSection, historySection, propertiesSection } from './about.js';
import { commentList, fileList } from './parts.js';
import type { ReportData } from './read-report.js';
import { STYLE } from './style.js';
import { testsSection } from './tests.js';
import { treeSection } from './tree.js';

/**
 * Makes the page of a report: one file that loads nothing from anywhere, and in which nothing can run. Its content security
 * policy allows only its own style, and images that are in it.
 */
export function toPage(data: ReportData): string {
  const { component, failures, site, readAt, images } = data;
  const name = titleOf(component);
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${name}: ${labelOf(component.componentType)}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${aboutSection(data)}
${failures.length === 0 ? '' : failureSection(data)}
${propertiesSection(component)}
${historySection(data)}
${treeSection(data)}
${testsSection(data)}
<section id="comments"><h2>Comments</h2>${commentList(component.comments)}</section>
<section id="attachments"><h2>Attachments</h2>${fileList(component.id, component.attachments, images)}</section>
</main>
<footer>Written on ${formatTime(readAt.toISOString())} by itkdb ${VERSION}, from ${site}. All times are in UTC.</footer>
</body>
</html>
`;
  return page.toString();
}

function failureSection({ failures }: ReportData): Html {
  return html`<section class="warning"><h2>Not everything could be read</h2><ul>
${failures.map(({ what, reason }) => html`<li><bdi>${what}</bdi>: ${reason}</li>\n`)}</ul></section>`;
}
