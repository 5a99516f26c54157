import type { Component } from '../../client/models/component.js';
import { refCode } from '../../commands/references.js';
import { labelOf, titleOf } from '../output/format.js';
import { type Html, html } from '../output/html.js';
import { webLink } from './parts.js';
import type { ReportData } from './read-report.js';

/** The parents of the component, and the components in it. */
export function treeSection({ component, ancestors, tree, site }: ReportData): Html {
  const own = html`<li><span class="this">${titleOf(component)}</span> ${labelOf(component.componentType)}${children(tree, site)}</li>`;
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
  ) => html`<li>${child.error === undefined ? line({ ...slotOf(child), ...child.data }, site) : html`${titleOf(child.data)} <span class="failed">could not be read</span>`}${children(child, site)}</li>
`,
)}</ul>`;
}

/** Returns the children; none where the component could not be read. */
function childrenOf(component: Component): readonly Component[] {
  try {
    return component.children;
  } catch {
    return [];
  }
}

/** Returns the type of a child from its slot, where the child itself does not have it. */
function slotOf({ slot }: Component): Partial<Component['data']> {
  const componentType = slot?.componentType;
  return componentType === undefined
    ? {}
    : { componentType: componentType as NonNullable<Component['data']['componentType']> };
}

function line(component: Partial<Component['data']>, site: string): Html {
  const { componentType, type, currentStage } = component;
  const kind = [labelOf(componentType), refCode(type)].filter(Boolean).join(', ');
  return html`${webLink(component, site, titleOf(component))} <bdi>${kind}</bdi>${currentStage ? html` <span class="soft"><bdi>${labelOf(currentStage)}</bdi></span>` : ''}`;
}
