import type { Annotated } from '../data/records.js';
import { viewWholeTestRun } from '../data/test-run-view.js';
import { viewComponent } from '../data/views.js';
import { viewBatch } from './batch-view.js';
import type { CommandContext, DtoIn } from './command.js';
import { batchOf, componentOf, shipmentOf, testRunOf } from './input.js';
import { viewShipment } from './shipment-view.js';

/** What has comments and attachments: the name of its key in the input. */
export type TargetKind = 'component' | 'testRun' | 'shipment' | 'batch';

/** Something that has comments and attachments. */
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
    const record = componentOf(input[kind], context);
    return {
      record,
      update: (changes) => store.updateComponent(record, changes),
      view: () => viewComponent(record, { view: 'object', quirks }),
    };
  }
  const target = <T extends Annotated>(record: T, view: (record: T) => Record<string, unknown>): Target => ({
    record,
    update: (changes: Partial<Annotated>) => store.update<Annotated>(record, changes),
    view: () => view(record),
  });
  if (kind === 'testRun')
    return target(testRunOf(input[kind], context), (run) => viewWholeTestRun(run, { quirks }));
  if (kind === 'shipment')
    return target(shipmentOf(input[kind], context), (one) => viewShipment(one, { quirks }));
  return target(batchOf(input[kind], context, 'batch'), (batch) => viewBatch(batch, { quirks }));
}
