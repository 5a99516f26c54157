import { AxiosHeaders } from 'axios';

/** Copies header fields, with others in place of theirs. Those that are clean already are not looked at once more. */
export function copyHeaders<Headers extends AxiosHeaders>(
  headers: Headers,
  others?: Readonly<Record<string, unknown>>,
): Headers {
  const copy: Headers = Object.assign(new AxiosHeaders(), headers);
  if (others !== undefined) copy.set(others as never);
  return copy;
}
