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
 * @param known - the commands that exist here; the real database has many more
 */
export function commandNotFound(known: string): CommandError {
  const message = `Command not found. The embedded database answers only ${known}.`;
  return new CommandError(404, 'uu-app-server/commandNotFound', message);
}

/** Returns the error of an input that lacks a key. */
export function missingKey(command: string, key: string, type: string): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/invalidDtoIn`, 'DtoIn is not valid.', {
    missingKeyMap: { [`$.${key}`]: { [`${type}.required`]: `Key ${key} is required.` } },
  });
}

/** Returns the error of an identifier that no component has. */
export function componentDoesNotExist(command: string, component: string): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/componentDoesNotExist`, 'Component does not exist.', {
    component,
  });
}
