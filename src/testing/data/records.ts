import type { ComponentType, Named, Stage, TypeVariant } from './catalogue.js';
import type { TestType } from './test-types.js';

/** What each stored object has. Times are in milliseconds since the epoch. */
export interface StoredObject {
  /** 24 hexadecimal digits. */
  readonly id: string;
  /** Increases with each change. */
  readonly rev: number;
  /** The time of the last change. */
  readonly mts: number;
}

/** An institution. */
export interface Institution extends StoredObject, Named {
  /** The full name of the supervisor. */
  readonly supervisor: string;
  /** The city. */
  readonly city: string;
  /** In degrees. */
  readonly latitude: number;
  /** In degrees. */
  readonly longitude: number;
  /** What it works with. */
  readonly componentTypes: readonly ComponentType[];
}

/** The user who made or changed something. */
export interface Person {
  /** Such as `1234-567-1`. */
  readonly userIdentity: string;
  /** The first name. */
  readonly firstName: string;
  /** The last name. */
  readonly lastName: string;
}

/** A comment on a component, a test run or a shipment. */
export interface CommentRecord {
  /** Identifies the comment. */
  readonly code: string;
  /** The time at which it was written, in milliseconds since the epoch. */
  readonly dateTime: number;
  /** The text. */
  readonly comment: string;
  /** The user who wrote it. */
  readonly user: Person;
}

/** An attachment of a component, a test run or a shipment. */
export interface AttachmentRecord {
  /** Identifies the attachment. */
  readonly code: string;
  /** The time of the upload, in milliseconds since the epoch. */
  readonly dateTime: number;
  /** The title. */
  readonly title: string;
  /** The description. */
  readonly description: string;
  /** Where it is stored: in the database, behind a link, or on EOS. */
  readonly type: 'file' | 'link' | 'eos';
  /** The name of the file. */
  readonly filename: string;
  /** The media type, such as `image/png`. */
  readonly contentType: string;
  /** In bytes; undefined for a link. */
  readonly filesize: number | undefined;
  /** The target of a link, or the file on EOS; undefined for a file. */
  readonly url: string | undefined;
  /** The contents of a file; empty for a link and for a file on EOS. */
  readonly bytes: Buffer;
  /** The user who added it. */
  readonly user: Person;
}

/** A stored object that takes comments and attachments. */
export interface Annotated extends StoredObject {
  /** Oldest first. */
  readonly comments: readonly CommentRecord[];
  /** Oldest first. */
  readonly attachments: readonly AttachmentRecord[];
}

/** A place in a component for another one. */
export interface Slot {
  readonly id: string;
  /** The position of the slot. */
  readonly order: number;
  /** The component type that fits. */
  readonly componentType: ComponentType;
  /** The type that fits. */
  readonly type: TypeVariant;
  /** What is in it; undefined while it is free. */
  readonly component: ComponentRecord | undefined;
  /** Values by the code of the property. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** One run of a test. */
export interface TestRunRecord extends Annotated {
  /** The component that was tested. */
  readonly component: ComponentRecord;
  /** The test. */
  readonly testType: TestType;
  /** The stage of the component at the test. */
  readonly stage: Stage;
  /** The number that the tester gave to the run. */
  readonly runNumber: string;
  /** Whether the component passed. */
  readonly passed: boolean;
  /** Whether there were problems. */
  readonly problems: boolean;
  /** The date of the test, as ISO 8601 text. */
  readonly date: string;
  /** The institution that did the test. */
  readonly institution: Institution;
  readonly state: 'ready' | 'deleted';
  /** Values by the code of the property; undefined for generated ones. */
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  /** Values by the code of the parameter; undefined for generated ones. */
  readonly results: Readonly<Record<string, unknown>> | undefined;
  /** The defects that were found. */
  readonly defects: readonly unknown[];
  /** The user who uploaded it. */
  readonly user: Person;
  /** The time of the upload. */
  readonly cts: number;
}

/** A stage that a component has been in. */
export interface StageEntry {
  /** The stage. */
  readonly stage: Stage;
  /** The time at which it began, in milliseconds since the epoch. */
  readonly dateTime: number;
  /** The reason, if one was given. */
  readonly comment: string | undefined;
  /** Whether the component went back for rework. */
  readonly rework: boolean;
  /** The user who set the stage. */
  readonly user: Person;
}

/** A location that a component has been at. */
export interface LocationEntry {
  /** The institution where it was. */
  readonly institution: Institution;
  /** The time at which it arrived, in milliseconds since the epoch. */
  readonly dateTime: number;
}

/** The grade of a component. */
export interface Grade {
  /** The grade. */
  readonly grade: string;
  /** The reason, if one was given. */
  readonly comment: string | undefined;
  /** The time at which it was set, in milliseconds since the epoch. */
  readonly dateTime: number;
  /** The user who set it. */
  readonly user: Person;
}

/** A component as it is stored. Its fields have the names that they have in responses. */
export interface ComponentRecord extends Annotated {
  /** Identifies the component. */
  readonly code: string;
  /** Such as `20USBML1234567`. */
  readonly serialNumber: string;
  /** Another identifier, such as the number of the manufacturer. */
  readonly alternativeIdentifier: string | undefined;
  /** Such as `MODULE`. */
  readonly componentType: ComponentType;
  /** Such as `BARREL_LS_MODULE`. */
  readonly type: TypeVariant;
  /** The owner. */
  readonly institution: Institution;
  /** The institution where it is. */
  readonly currentLocation: Institution;
  /** The stage that it is in. */
  readonly currentStage: Stage;
  /** The time of the registration. */
  readonly cts: number;
  /** The slots for its children, free ones too. */
  readonly children: readonly Slot[];
  /** Its test runs. */
  readonly testRuns: readonly TestRunRecord[];
  /** The component that it is built into. */
  readonly parent: ComponentRecord | undefined;
  /** The components that it was taken out of, oldest first. */
  readonly formerParents: readonly ComponentRecord[];
  readonly state: 'ready' | 'requestedToDelete' | 'deleted';
  /** The time of the last change of `state`, in milliseconds since the epoch. */
  readonly stateTs: number;
  /** Whether it was thrown away. */
  readonly trashed: boolean;
  /** Whether it is completed. */
  readonly completed: boolean;
  /** Whether it stands in for a real component. */
  readonly dummy: boolean;
  readonly grade: Grade | undefined;
  /** The codes of its flags. */
  readonly flags: readonly string[];
  /** Values by the code of the property; undefined for generated ones. */
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  /** The stages so far, oldest first; undefined for generated ones. */
  readonly stages: readonly StageEntry[] | undefined;
  /** The locations so far, oldest first; undefined where it never moved. */
  readonly locations: readonly LocationEntry[] | undefined;
  /** The batches that it is in. */
  readonly batches: readonly BatchRecord[];
  /** The states that scripts have set, by their type, such as `registration`. No response shows them. */
  readonly scriptStates: Readonly<Record<string, string>>;
  /** The user who registered it. */
  readonly user: Person;
  /** Position in the order of registration. */
  readonly position: number;
}

/** A component in a shipment. */
export interface ShipmentItem {
  /** Identifies the item. */
  readonly code: string;
  /** The component. */
  readonly component: ComponentRecord;
  /** Whether it arrived; undefined before the delivery. */
  readonly delivered: boolean | undefined;
}

/** A shipment from one institution to another. */
export interface ShipmentRecord extends Annotated {
  /** The name. */
  readonly name: string;
  /** The institution that sends it. */
  readonly sender: Institution;
  /** The institution that receives it. */
  readonly recipient: Institution;
  /** Such as `domestic`. */
  readonly type: string;
  /** Such as `prepared`. */
  readonly status: string;
  /** The number of the shipping service. */
  readonly trackingNumber: string | undefined;
  /** The company that transports it. */
  readonly shippingService: string | undefined;
  /** The components in it. */
  readonly shipmentItems: readonly ShipmentItem[];
  /** The statuses so far, oldest first. */
  readonly history: readonly { readonly status: string; readonly dateTime: number; readonly user: Person }[];
  /** The time at which it was created. */
  readonly cts: number;
  /** The user who created it. */
  readonly user: Person;
}

/** A group of components. */
export interface BatchRecord extends Annotated {
  /** The number of the batch. */
  readonly number: string;
  /** The type of the batch. */
  readonly batchType: Named;
  /** The code of the project. */
  readonly project: string;
  /** The institutions that own it. */
  readonly ownerInstituteList: readonly Institution[];
  /** Values by the code of the property. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The components in it. */
  readonly components: readonly ComponentRecord[];
  readonly state: 'ready';
  /** The time at which it was created. */
  readonly cts: number;
  /** The user who created it. */
  readonly user: Person;
}

/** The user of everything that is generated. */
export const GENERATED_BY: Person = { userIdentity: '1234-567-1', firstName: 'Alex', lastName: 'Example' };
