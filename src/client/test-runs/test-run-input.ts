import type { CommandInput } from '../../commands/commands.js';
import { reading } from '../../config/check-options.js';
import type { TestRunProblem } from '../../exceptions/invalid-test-run.js';
import { isPlainObject } from '../../util/guards.js';

/** A test run as it is uploaded. */
export interface TestRunInput {
  /** The serial number of the component, its code, its id or its alternative identifier. */
  component: string;
  /** The code of the test type. */
  testType: string;
  /** The code of the institution at which the test was done: the location of the component. */
  institution: string;
  /** A text such as `1` or `189-6`. The option `runNumber: 'next'` of `upload` is used in place of it. */
  runNumber?: string | undefined;
  /**
   * When the test was done: a `Date`, ISO 8601, or `DD.MM.YYYY HH:MM`. A time without a time zone is that of this computer.
   * @defaultValue the time of the upload
   */
  date?: string | Date | undefined;
  /** Whether the component passed the test. */
  passed: boolean;
  /** Whether there were problems in the test. */
  problems: boolean;
  /** The properties by code. Null is the same as none. */
  properties?: Record<string, unknown> | undefined;
  /**
   * The results by code. Null is the same as none. A result that is a file is `{ file: 'wafer.png' }`, a `Blob` or a `Buffer`.
   */
  results?: Record<string, unknown> | undefined;
  /** Comments on the test run. */
  comments?: readonly string[] | undefined;
  /** What the test found. */
  defects?:
    | readonly { name: string; description?: string | undefined; properties?: object | undefined }[]
    | undefined;
  /** The code of the stage that the component is expected to be at; with `isRetroactive`, the stage that the test run belongs to. */
  stage?: string | undefined;
  /** Whether the test run belongs to an earlier stage. That the database takes this is not confirmed. @defaultValue `false` */
  isRetroactive?: boolean | undefined;
}

/** A test run that is to be filled, as `template` makes it. */
export interface TestRunTemplate extends Omit<TestRunInput, 'passed'> {
  /** Whether the component passed the test. Null until it is filled: then the test run is not uploaded. */
  passed: boolean | null;
  runNumber: string;
  date: string;
  properties: Record<string, unknown>;
  results: Record<string, unknown>;
}

/** The input of `uploadTestRunResults`. */
export type UploadInput = CommandInput<'uploadTestRunResults'>;

/**
 * Returns a copy of objects and lists, so that later changes of them make no difference. Files and dates are not copied.
 *
 * @throws InvalidInvocation where a getter of the caller throws
 */
export function snapshot<T>(subject: string, value: T): T {
  const copies = new Map<object, object>();
  const copyOf = (one: unknown): unknown => {
    if (!Array.isArray(one) && !isPlainObject(one)) return one;
    const known = copies.get(one);
    if (known !== undefined) return known;
    if (Array.isArray(one)) {
      const list: unknown[] = [];
      copies.set(one, list);
      for (const item of one) list.push(copyOf(item));
      return list;
    }
    const copy: Record<string, unknown> = Object.create(null);
    copies.set(one, copy);
    for (const [key, item] of Object.entries(one)) copy[key] = copyOf(item);
    return copy;
  };
  return reading(subject, () => copyOf(value)) as T;
}

/** Where problems are collected. */
export class Problems {
  readonly list: TestRunProblem[] = [];

  add(path: string, message: string): void {
    this.list.push({ path, message });
  }
}

/** Says what a value is, for people. */
export function describe(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    return `the text ${JSON.stringify(shown)}`;
  }
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return 'a list';
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
