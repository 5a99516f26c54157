/** What the keys of errors start with. */
export const NAMESPACE = 'ucl-itkpd-main';

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
 * @param known - the commands that exist here; the real database has more
 */
export function commandNotFound(known: string): CommandError {
  const message = `Command not found. The embedded database answers only ${known}.`;
  return new CommandError(404, 'uu-app-server/commandNotFound', message);
}

/** Returns an error with the status 400. */
export function refusal(
  command: string,
  reason: string,
  message: string,
  paramMap?: Readonly<Record<string, unknown>>,
): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/${reason}`, message, paramMap);
}

/** Returns the error of an input that lacks keys, such as `$.component`. */
export function missingKeys(command: string, paths: readonly string[]): CommandError {
  const entries = paths.map((path) => [path, { required: `Key ${path.slice(2)} is required.` }]);
  return refusal(command, 'invalidDtoIn', 'DtoIn is not valid.', {
    missingKeyMap: Object.fromEntries(entries),
  });
}

/** Returns the error of an input that has values that are not allowed under some keys. */
export function invalidKeys(
  command: string,
  map: 'invalidTypeKeyMap' | 'invalidValueKeyMap',
  reasons: Readonly<Record<string, string>>,
): CommandError {
  const entries = Object.entries(reasons).map(([path, reason]) => [path, { value: reason }]);
  return refusal(command, 'invalidDtoIn', 'DtoIn is not valid.', { [map]: Object.fromEntries(entries) });
}
