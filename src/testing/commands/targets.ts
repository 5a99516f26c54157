import type { Annotated, ComponentRecord, ShipmentRecord, TestRunRecord } from '../data/records.js';
import { viewWholeTestRun } from '../data/test-run-view.js';
import { viewComponent } from '../data/views.js';
import type { CommandContext, DtoIn } from './command.js';
import { componentOf, shipmentOf, testRunOf } from './input.js';
import { viewShipment } from './shipment-view.js';

/** What takes comments and attachments: the name of its key in the input. */
export type TargetKind = 'component' | 'testRun' | 'shipment';

/** Something that takes comments and attachments. */
export interface Target {
  readonly record: Annotated;
  /** Changes its comments or its attachments. */
  update(changes: Partial<Annotated>): void;
  /** Returns how results show it. */
  view(): Record<string, unknown>;
}

/** Returns what the input names. */
export function targetOf(kind: TargetKind, input: DtoIn, context: CommandContext): Target {
  const { store, quirks } = context;
  if (kind === 'component') {
    const record: ComponentRecord = componentOf(input[kind], context);
    return {
      record,
      update: (changes) => store.updateComponent(record, changes),
      view: () => viewComponent(record, { view: 'object', quirks }),
    };
  }
  if (kind === 'testRun') {
    const record: TestRunRecord = testRunOf(input[kind], context);
    return {
      record,
      update: (changes) => store.update(record, changes),
      view: () => viewWholeTestRun(record.component, record, quirks),
    };
  }
  const record: ShipmentRecord = shipmentOf(input[kind], context);
  return {
    record,
    update: (changes) => store.update(record, changes),
    view: () => viewShipment(record, quirks),
  };
}
