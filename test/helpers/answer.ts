import type { ResponseInput } from '../../src/index.js';

/** A request with credentials in it. */
export const CONFIG: NonNullable<ResponseInput['config']> = {
  method: 'get',
  url: 'https://itkpd.unicornuniversity.net/getComponent?x=1',
  headers: { Accept: '*/*', Authorization: 'Bearer opaque-bearer', Cookie: 'session=cookie-value' },
  data: '{"component":"20U","accessCode1":"first-code"}',
};

/** An answer to that request, for an exception. */
export const answer = (status: number, data: unknown, more: Partial<ResponseInput> = {}): ResponseInput => ({
  status,
  statusText: 'Text',
  headers: { 'content-type': 'application/json' },
  data,
  config: CONFIG,
  ...more,
});

const REQUEST = [
  'Host: itkpd.unicornuniversity.net',
  'GET /getComponent?x=1 HTTP/1.1',
  'Accept: */*',
  'Authorization: Bearer <TOKEN>',
  'Cookie: <COOKIE>',
  '',
  '{"component":"20U","accessCode1":"<ACCESS_CODE>"}',
].join('\r\n');

/** What is below the first lines of the message of an exception: the request and the details, as the Python package shows them. */
export const layoutOf = ({ message }: Error): string => message.slice(message.indexOf('\n\n') + 2);

/** How that begins. */
export const head = (status: number): string =>
  `received ${status} HTTP response for following request\n${REQUEST}`;

/** What stands between that and the details. */
export const DETAILS = '\n\nThe following details may help:\n';
