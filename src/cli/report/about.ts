import type { FullComponent } from '../../commands/shapes.js';
import { formatTime, formatValue, labelOf, personOf, titleOf } from '../output/format.js';
import { type Html, html, type Part } from '../output/html.js';
import { NONE, table, webLink } from './parts.js';
import type { ReportData } from './read-report.js';

/** The head of the page: the type of the component, its stage, its location and other facts. */
export function aboutSection({ component, runs, site }: ReportData): Html {
  const { componentType, type, project, subproject, currentStage, currentLocation, institution } = component;
  const { alternativeIdentifier, batches, cts, sys, user, code } = component;
  const kind = [labelOf(componentType), labelOf(type)].filter((one) => one !== '').join(', ');
  const passed = runs.filter((run) => run.passed).length;
  const facts: readonly (readonly [string, Part])[] = [
    ['Stage', labelOf(currentStage)],
    ['Location', labelOf(currentLocation)],
    ['Owner', labelOf(institution)],
    ['Alternative identifier', alternativeIdentifier],
    ['Project', [labelOf(project), labelOf(subproject)].filter((one) => one !== '').join(', ')],
    ['Batches', (batches ?? []).map(({ number }) => number).join(', ')],
    ['Registered', [formatTime(cts), personOf(user)].filter((one) => one !== '').join(', ')],
    ['Last change', formatTime(sys?.mts)],
    ['Test runs', runs.length === 0 ? 'none' : `${runs.length}, of which ${passed} passed`],
    ['Code', code],
  ];
  return html`<header>
<h1>${titleOf(component)}</h1>
<p><bdi>${kind}</bdi></p>
<ul class="badges">${badgesOf(component).map(({ text, isWarning }) => html`<li class="${isWarning ? 'warn' : 'plain'}">${text}</li>`)}</ul>
<dl class="facts">
${facts.filter(([, value]) => value).map(([name, value]) => html`<div><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>\n`)}</dl>
<nav>${['Properties', 'History', 'Tree', 'Tests', 'Comments', 'Attachments'].map((name) => html`<a href="#${name.toLowerCase()}">${name}</a> `)}${webLink(component, site, 'Page in the database')}</nav>
</header>`;
}

interface Badge {
  readonly text: string;
  readonly isWarning: boolean;
}

function badgesOf(component: FullComponent): Badge[] {
  const { state, flags, trashed, dummy, reworked, completed, assembled } = component;
  const warnings = [
    state === 'ready' ? '' : state,
    trashed ? 'trashed' : '',
    dummy ? 'dummy' : '',
    reworked ? 'reworked' : '',
    ...(flags ?? []).filter((flag) => flag.state !== 'deleted').map((flag) => flag.name || flag.code),
  ];
  const others = [completed ? 'completed' : '', assembled ? 'assembled' : ''];
  return [
    ...warnings.map((text) => ({ text, isWarning: true })),
    ...others.map((text) => ({ text, isWarning: false })),
  ].filter(({ text }) => text);
}

/** The properties with their values. */
export function propertiesSection({ properties }: FullComponent): Html {
  const rows = (properties ?? []).map(
    ({ name, code, value }) =>
      html`<tr><td><bdi>${name || code}</bdi></td><td class="text" dir="auto">${formatValue(value)}</td></tr>\n`,
  );
  return html`<section id="properties"><h2>Properties</h2>${rows.length === 0 ? NONE : table(['Property', 'Value'], rows)}</section>`;
}

/** Stages and locations in the order of time. */
export function historySection({ component, institutions }: ReportData): Html {
  const stages = (component.stages ?? []).map(({ dateTime, name, code, rework, comment }) => ({
    dateTime,
    what: html`Stage <b><bdi>${name || code}</bdi></b>${rework ? ', for rework' : ''}`,
    comment,
  }));
  const locations = (component.locations ?? []).map(({ dateTime, institution }) => ({
    dateTime,
    what: html`Location <b><bdi>${institutions.get(institution) ?? institution}</bdi></b>`,
    comment: '',
  }));
  const rows = [...stages, ...locations]
    .sort((a, b) => (Date.parse(a.dateTime) || 0) - (Date.parse(b.dateTime) || 0))
    .map(
      ({ dateTime, what, comment }) =>
        html`<tr><td>${formatTime(dateTime)}</td><td class="text">${what}${comment ? html`<div dir="auto">${comment}</div>` : ''}</td></tr>\n`,
    );
  return html`<section id="history"><h2>History</h2>${rows.length === 0 ? NONE : table(['Time', 'What'], rows)}</section>`;
}
