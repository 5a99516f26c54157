/** What the keys of errors start with. */
const NAMESPACE = 'ucl-itkpd-main';

/** The last parts of keys that scripts have met in the real database. */
type SeenReason =
  | 'childComponentAlreadyAssembled'
  | 'componentAtDifferentLocation'
  | 'componentDoesNotExist'
  | 'componentTypeDaoGetByCodeFailed'
  | 'invalidDtoIn'
  | 'serialNumberDuplicity'
  | 'testRunDaoGetFailed'
  | 'testRunDoesNotExist'
  | 'unassociatedStageWithTestType';

/**
 * The last parts of keys that have NOT been seen in the real database. It refuses such requests too, or it is likely to, but
 * its keys are not known. A script should not depend on these names.
 */
type AssumedReason =
  | 'attachmentDoesNotExist'
  | 'attachmentIsOnEos'
  | 'batchDoesNotExist'
  | 'batchNumberDuplicity'
  | 'batchTypeDoesNotExist'
  | 'childComponentNotAssembled'
  | 'childComponentTypeDoesNotMatch'
  | 'commentDoesNotExist'
  | 'componentInDifferentProject'
  | 'componentIsAssembled'
  | 'componentIsDeleted'
  | 'componentTypeDoesNotExist'
  | 'dtoInIsNotAnObject'
  | 'flagDoesNotExist'
  | 'institutionDoesNotExist'
  | 'parameterDoesNotExist'
  | 'propertyDoesNotExist'
  | 'revisionDoesNotMatch'
  | 'shipmentDoesNotExist'
  | 'shipmentItemDoesNotExist'
  | 'slotAlreadyOccupied'
  | 'slotDoesNotExist'
  | 'stageDoesNotExist'
  | 'subprojectDoesNotExist'
  | 'testTypeDaoGetByCodeFailed'
  | 'typeDoesNotExist'
  | 'userDoesNotExist';

/** An error of a command, with the status and the body that the database sends. */
export class CommandError extends Error {
  readonly status: number;
  readonly body: { readonly uuAppErrorMap: Readonly<Record<string, unknown>> };

  /** @param key - `<namespace>/<command>/<reason>` */
  constructor(
    status: number,
    key: string,
    message: string,
    paramMap: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.body = { uuAppErrorMap: { [key]: { type: 'error', message, paramMap } } };
  }
}

/**
 * Returns the error of an unknown command.
 *
 * @param hint - what a test can do about it
 */
export function commandNotFound(hint: string): CommandError {
  return new CommandError(404, 'uu-app-server/commandNotFound', `Command not found. ${hint}`);
}

/** Returns an error with the status 400. */
export function refusal(
  command: string,
  reason: SeenReason | AssumedReason,
  message: string,
  paramMap?: Readonly<Record<string, unknown>>,
): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/${reason}`, message, paramMap);
}

/** Returns the error of an input that is not valid. */
export function invalidInput(command: string, paramMap: Readonly<Record<string, unknown>>): CommandError {
  return refusal(command, 'invalidDtoIn', 'DtoIn is not valid.', paramMap);
}

/** Returns the error of an input that lacks keys, such as `$.component`. */
export function missingKeys(command: string, paths: readonly string[]): CommandError {
  const entries = paths.map((path) => [path, { required: `Key ${path.slice(2)} is required.` }]);
  return invalidInput(command, { missingKeyMap: Object.fromEntries(entries) });
}

/** Returns the error of an input that has values that are not allowed under some keys. */
export function invalidKeys(
  command: string,
  map: 'invalidTypeKeyMap' | 'invalidValueKeyMap',
  reasons: Readonly<Record<string, string>>,
): CommandError {
  const entries = Object.entries(reasons).map(([path, reason]) => [path, { value: reason }]);
  return invalidInput(command, { [map]: Object.fromEntries(entries) });
}
