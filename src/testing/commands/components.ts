import { viewComponent } from '../data/views.js';
import type { Command } from './command.js';
import { refusal } from './command-error.js';
import { viewFor } from './component-lists.js';
import { componentOf, isShown, isTrue, textOf, toList } from './input.js';

/** Returns a component by serial number, code, id or alternative identifier. */
export const getComponent: Command = (input, context) => {
  const { command, quirks } = context;
  const { component: identifier } = input;
  const alternative = isTrue(input['alternativeIdentifier'])
    ? context.store.findAlternative(String(identifier))
    : undefined;
  const component = componentOf(alternative?.id ?? identifier, context);
  const state = textOf(input['state']);
  if (state !== undefined && state !== component.state) {
    const message = 'There is no such component in this state.';
    throw refusal(command, 'componentDoesNotExist', message, { component: identifier, state });
  }
  return viewComponent(component, { view: viewFor(input['outputType'], 'full'), quirks });
};

/** Returns several components. One that does not exist is an error, unless the input says `force`. */
export const getComponentBulk: Command = (input, context) => {
  const { store, quirks, bulkReferences = 'object' } = context;
  const view = viewFor(input['outputType'], 'full');
  const onlyIds = input['identifierType'] === 'id';
  const isUsable = (identifier: unknown): boolean => {
    const found = store.find(String(identifier));
    return found !== undefined && isShown(found, quirks) && (!onlyIds || found.id === identifier);
  };
  const identifiers = toList(input['component']);
  const missing = identifiers.find((identifier) => !isUsable(identifier));
  if (missing !== undefined && !isTrue(input['force'])) {
    const message = 'Component does not exist.';
    throw refusal(context.command, 'componentDoesNotExist', message, { component: missing });
  }
  const components = identifiers.filter(isUsable).map((identifier) => componentOf(identifier, context));
  return {
    itemList: components.map((one) => viewComponent(one, { view, quirks, references: bulkReferences })),
  };
};
