import type { ResourceContext } from '../resources/resource.js';
import type { ComponentTypes } from './component-types.js';

/** What the methods get that write about components. */
export interface WriteContext {
  readonly client: ResourceContext['client'];
  readonly types: ComponentTypes;
}
