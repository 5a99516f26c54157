/** An error of a command, as the database words it. */
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

/** The error of a command that there is not; says which ones there are here, for the real database has many more. */
export function commandNotFound(known: string): CommandError {
  const message = `Command not found. The embedded database answers only ${known}.`;
  return new CommandError(404, 'uu-app-server/commandNotFound', message);
}
