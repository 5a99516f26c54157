import { BOOLEAN, FILLED_STRING, FUNCTION, must, type OptionTable } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import type { Progress } from '../requests/progress.js';
import { checkWrite, type WriteOptions } from '../writes/checks.js';

/** Options of `testRuns.check`. */
export interface CheckTestRunOptions extends WriteOptions {
  /** The code of the stage that the component is expected to be at. @defaultValue that of the test run, else any */
  stage?: string | undefined;
  /** Whether the stage of the component will be set where it is another one. @defaultValue `false` */
  setStage?: boolean | undefined;
  /** `'next'`: the run number will be chosen, so the test run needs none. @defaultValue that of the test run */
  runNumber?: 'next' | undefined;
  /** Whether NaN and Infinity, which the database cannot store, become null. @defaultValue `false` */
  nanAsNull?: boolean | undefined;
}

/** Options of `testRuns.upload`. */
export interface UploadTestRunOptions extends CheckTestRunOptions {
  /**
   * Whether the stage of the component is set where it is another one than `stage`. The history of the stages keeps it for
   * ever. @defaultValue `false`: another stage is an exception
   */
  setStage?: boolean | undefined;
  /** Whether the stage is put back after the upload, also after one that failed. @defaultValue `false` */
  restoreStage?: boolean | undefined;
  /**
   * `'next'`: 1 + the largest run number of digits that the test runs of this component and test type have, those of other
   * stages and deleted ones included. @defaultValue that of the test run
   */
  runNumber?: 'next' | undefined;
  /** Whether a test run is uploaded that the database has already. See the option of `client.post`. @defaultValue `true` */
  allowDuplicate?: boolean | undefined;
  /** Called after each write. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
}

const CHECK_TABLE: OptionTable = {
  stage: FILLED_STRING,
  setStage: BOOLEAN,
  runNumber: must((value) => value === 'next', "'next'; any other run number belongs into the test run"),
  nanAsNull: BOOLEAN,
};

const UPLOAD_TABLE: OptionTable = {
  ...CHECK_TABLE,
  restoreStage: BOOLEAN,
  allowDuplicate: BOOLEAN,
  onProgress: FUNCTION,
};

/** The options of a check, taken apart. */
export interface CheckedOptions {
  readonly own: Pick<CheckTestRunOptions, 'stage' | 'setStage' | 'runNumber' | 'nanAsNull'>;
  readonly call: WriteOptions;
}

/** Checks the options of `testRuns.check`. */
export function checkCheckOptions(subject: string, options: CheckTestRunOptions): CheckedOptions {
  const checked = checkWrite(subject, options, "{ stage: 'BONDED' }", CHECK_TABLE);
  const { stage, setStage, runNumber, nanAsNull, ...call } = checked;
  return { own: { stage, setStage, runNumber, nanAsNull }, call };
}

/** Checks the options of `testRuns.upload`. */
export function checkUploadOptions(
  subject: string,
  options: UploadTestRunOptions,
): CheckedOptions & {
  readonly upload: Pick<UploadTestRunOptions, 'restoreStage' | 'allowDuplicate' | 'onProgress'>;
} {
  const checked = checkWrite(subject, options, "{ stage: 'BONDED', runNumber: 'next' }", UPLOAD_TABLE);
  const { restoreStage, allowDuplicate, onProgress, ...others } = checked;
  const { stage, setStage, runNumber, nanAsNull, ...call } = others;
  if (restoreStage && !setStage)
    throw new InvalidInvocation(`${subject}: \`restoreStage: true\` is for \`setStage: true\``);
  return {
    own: { stage, setStage, runNumber, nanAsNull },
    upload: { restoreStage, allowDuplicate, onProgress },
    call,
  };
}
