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
