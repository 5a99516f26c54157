import { InvalidInvocation, nameClass } from './base.js';

/** What is wrong with a test run that is to be uploaded. */
export interface TestRunProblem {
  /** Where, such as `results.CURRENT[17]`. */
  readonly path: string;
  /** What is wrong there, and what would be right. */
  readonly message: string;
}

/** A test run that is to be uploaded has problems, which the database would refuse or not notice. Nothing was sent. */
export class InvalidTestRun extends InvalidInvocation {
  override readonly code = 'ERR_INVALID_TEST_RUN';
  /** All problems. */
  declare readonly problems: readonly TestRunProblem[];

  constructor(
    message?: string,
    { problems = [], ...options }: ErrorOptions & { readonly problems?: readonly TestRunProblem[] } = {},
  ) {
    super(message, options);
    // Not enumerable: the message says it.
    Object.defineProperty(this, 'problems', { value: problems });
  }
}
nameClass(InvalidTestRun, 'InvalidTestRun');
