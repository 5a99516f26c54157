import type { ComponentType, Named } from './catalogue.js';

/** An institution. */
export interface Institution extends Named {
  readonly id: string;
  readonly supervisor: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** The user who made or changed something. */
export interface Person {
  readonly identity: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** A comment on a component, a test run or a shipment. */
export interface CommentRecord {
  readonly code: string;
  readonly dateTime: number;
  readonly comment: string;
  readonly user: Person;
}

/** An attachment of a component, a test run or a shipment. */
export interface AttachmentRecord {
  readonly code: string;
  readonly dateTime: number;
  readonly title: string;
  readonly description: string;
  readonly type: 'file' | 'link';
  readonly filename: string;
  readonly contentType: string;
  /** The target of a link; undefined for a file. */
  readonly url: string | undefined;
  /** The contents of a file; empty for a link. */
  readonly bytes: Buffer;
  readonly user: Person;
}

/** What each stored object has. */
export interface StoredObject {
  readonly id: string;
  /** Increases with each change. */
  readonly rev: number;
  /** The time of the last change, in milliseconds since the epoch. */
  readonly changed: number;
}

/** A stored object that takes comments and attachments. */
export interface Annotated extends StoredObject {
  readonly comments: readonly CommentRecord[];
  readonly attachments: readonly AttachmentRecord[];
}

/** A place in a component for another one. */
export interface Slot {
  readonly id: string;
  readonly order: number;
  readonly type: ComponentType;
  readonly typeCode: string;
  readonly child: ComponentRecord | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** One run of a test. */
export interface TestRunRecord extends Annotated {
  readonly component: ComponentRecord;
  readonly test: Named;
  /** Index in the stages of the component's type. */
  readonly stage: number;
  readonly runNumber: string;
  readonly passed: boolean;
  readonly problems: boolean;
  readonly date: string;
  readonly institution: Institution;
  readonly state: 'ready' | 'deleted';
  /** Values by the code of the property; undefined for generated ones. */
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  /** Values by the code of the parameter; undefined for generated ones. */
  readonly results: Readonly<Record<string, unknown>> | undefined;
  readonly defects: readonly unknown[];
  readonly user: Person;
  /** The time of the upload, in milliseconds since the epoch. */
  readonly uploaded: number;
}

/** A stage that a component has been in. */
export interface StageEntry {
  /** Index in the stages of the component's type. */
  readonly stage: number;
  readonly dateTime: number;
  readonly comment: string | undefined;
  readonly rework: boolean;
  readonly user: Person;
}

/** A location that a component has been at. */
export interface LocationEntry {
  readonly institution: Institution;
  readonly dateTime: number;
}

/** A component as it is stored; `views.ts` makes the results of commands from it. */
export interface ComponentRecord extends Annotated {
  readonly code: string;
  readonly serialNumber: string;
  readonly alternativeIdentifier: string | undefined;
  readonly type: ComponentType;
  readonly typeCode: string;
  readonly institution: Institution;
  readonly location: Institution;
  /** Index in `type.stages`. */
  readonly stage: number;
  /** When it was registered, in milliseconds since the epoch. */
  readonly registered: number;
  readonly slots: readonly Slot[];
  readonly testRuns: readonly TestRunRecord[];
  readonly parent: ComponentRecord | undefined;
  /** The components that it was taken out of, oldest first. */
  readonly formerParents: readonly ComponentRecord[];
  readonly state: 'ready' | 'requestedToDelete' | 'deleted';
  readonly stateChanged: number;
  readonly trashed: boolean;
  readonly completed: boolean;
  readonly grade: unknown;
  readonly flags: readonly string[];
  /** Values by the code of the property; undefined for generated ones. */
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  /** The stages so far, oldest first; undefined for generated ones. */
  readonly stageHistory: readonly StageEntry[] | undefined;
  /** The locations so far, oldest first; undefined where it never moved. */
  readonly locationHistory: readonly LocationEntry[] | undefined;
  readonly user: Person;
  /** Position in the order of registration. */
  readonly position: number;
}

/** A component in a shipment. */
export interface ShipmentItem {
  readonly code: string;
  readonly component: ComponentRecord;
  readonly delivered: boolean | undefined;
}

/** A shipment from one institution to another. */
export interface ShipmentRecord extends Annotated {
  readonly name: string;
  readonly sender: Institution;
  readonly recipient: Institution;
  readonly type: string;
  readonly status: string;
  readonly trackingNumber: string | undefined;
  readonly shippingService: string | undefined;
  readonly items: readonly ShipmentItem[];
  /** The statuses so far, oldest first. */
  readonly history: readonly { readonly status: string; readonly dateTime: number; readonly user: Person }[];
  readonly created: number;
  readonly user: Person;
}

/** A group of components. */
export interface BatchRecord extends StoredObject {
  readonly number: string;
  readonly batchType: string;
  readonly project: string;
  readonly owners: readonly Institution[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly components: readonly ComponentRecord[];
  readonly created: number;
  readonly user: Person;
}

/** The user of everything that is generated. */
export const GENERATED_BY: Person = { identity: '1234-567-1', firstName: 'Alex', lastName: 'Example' };
