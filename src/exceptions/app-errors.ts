import { isRecord } from '../util/guards.js';

/** One entry of the server's `uuAppErrorMap`. */
export interface AppError {
  /** `error` or `warning`. Other values of the server are kept. */
  readonly type: string;
  /** The sentence of the server, such as `DtoIn is not valid.`; `''` if it sent none. */
  readonly message: string;
  /** Details of the message, such as `{ missingKeyMap: … }`; `{}` if the server sent none. */
  readonly paramMap: Readonly<Record<string, unknown>>;
}

/** The entries of a `uuAppErrorMap` by key, `<namespace>/<command>/<reason>`. It has no prototype. */
export type AppErrors = Readonly<Record<string, AppError>>;

/**
 * Reads the `uuAppErrorMap` of a response body of any type.
 *
 * The map itself is sometimes a string (a bug of the server) or null: a string becomes the message of one entry under
 * the key `uuAppErrorMap`, so that it is not lost; anything else that is not a map has no entries.
 */
export function parseAppErrors(body: unknown): AppErrors {
  const errors: Record<string, AppError> = Object.create(null);
  const map = isRecord(body) && Object.hasOwn(body, 'uuAppErrorMap') ? body['uuAppErrorMap'] : undefined;
  if (typeof map === 'string') errors['uuAppErrorMap'] = { type: 'error', message: map, paramMap: {} };
  else if (isRecord(map)) for (const [key, entry] of Object.entries(map)) errors[key] = parseEntry(entry);
  return errors;
}

/**
 * Whether one of the errors has this key: in full (`ucl-itkpd-main/getComponent/componentDoesNotExist`) or its last
 * parts (`getComponent/componentDoesNotExist`, `componentDoesNotExist`), because namespaces differ between commands.
 */
export function hasAppError(errors: AppErrors, key: string): boolean {
  return Object.keys(errors).some((full) => full === key || full.endsWith(`/${key}`));
}

function parseEntry(entry: unknown): AppError {
  if (!isRecord(entry))
    return { type: 'error', message: typeof entry === 'string' ? entry : '', paramMap: {} };
  const { type, message, paramMap } = entry;
  return {
    type: typeof type === 'string' ? type : 'error',
    message: typeof message === 'string' ? message : '',
    paramMap: isRecord(paramMap) ? paramMap : {},
  };
}
