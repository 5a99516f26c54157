import { InvalidInvocation, nameClass } from './base.js';

/** What is wrong with a test run that is to be uploaded. */
export interface TestRunProblem {
  /** Where, such as `results.CURRENT[17]`. */
  readonly path: string;
  /** What is wrong there, and what would be right. */
  readonly message: string;
}

/** The most problems that a message shows. */
const MOST_SHOWN = 30;

/** A test run has problems that the database would refuse or not notice. Nothing was sent. */
export class InvalidTestRun extends InvalidInvocation {
  /** All problems. */
  declare readonly problems: readonly TestRunProblem[];

  /**
   * @param what - the test run, for the message
   * @param problems - at least one
   */
  constructor(what: string, problems: readonly TestRunProblem[]) {
    const shown = problems.slice(0, MOST_SHOWN).map(({ path, message }) => `- ${path} ${message}`);
    const others = problems.length - shown.length;
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(
      [
        `${what} has ${count}, and was not uploaded`,
        ...shown,
        ...(others > 0 ? [`- and ${others} more`] : []),
      ].join('\n'),
    );
    // Not enumerable: the message says it.
    Object.defineProperty(this, 'problems', { value: problems });
  }
}
nameClass(InvalidTestRun, 'InvalidTestRun');
