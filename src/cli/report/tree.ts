import type { Component } from '../../client/models/component.js';
import { refCode } from '../../commands/references.js';
import { labelOf, serialNumberOf } from './format.js';
import { type Html, html } from './html.js';
import { webLink } from './parts.js';
import type { ReportData } from './read-report.js';

/** What the component is in, and what is in it. */
export function treeSection({ component, ancestors, tree, site }: ReportData): Html {
  const own = html`<li><span class="this">${serialNumberOf(component)}</span> ${labelOf(component.componentType)}${children(tree, site)}</li>`;
  // From the inside out.
  const nested = ancestors.reduce(
    (inner, ancestor) => html`<li>${line(ancestor, site)}<ul>${inner}</ul></li>`,
    own,
  );
  return html`<section id="tree"><h2>Tree</h2><ul class="tree">${nested}</ul></section>`;
}

function children(parent: Component, site: string): Html {
  const list = childrenOf(parent);
  if (list.length === 0) return html``;
  return html`<ul>
${list.map(
  (
    child,
  ) => html`<li>${child.error === undefined ? line({ ...slotOf(child), ...child.data }, site) : html`${serialNumberOf(child.data)} <span class="failed">could not be read</span>`}${children(child, site)}</li>
`,
)}</ul>`;
}

/** They are not known where a component could not be read. */
function childrenOf(component: Component): readonly Component[] {
  try {
    return component.children;
  } catch {
    return [];
  }
}

/** What the slot says of a child that has not said it itself. */
function slotOf({ slot }: Component): Partial<Component['data']> {
  const componentType = slot?.componentType;
  return componentType === undefined
    ? {}
    : { componentType: componentType as NonNullable<Component['data']['componentType']> };
}

function line(component: Partial<Component['data']>, site: string): Html {
  const { componentType, type, currentStage } = component;
  const kind = [labelOf(componentType), refCode(type)].filter(Boolean).join(', ');
  return html`${webLink(component, site, serialNumberOf(component))} <bdi>${kind}</bdi>${currentStage ? html` <span class="soft"><bdi>${labelOf(currentStage)}</bdi></span>` : ''}`;
}
