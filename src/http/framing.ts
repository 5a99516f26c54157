import { lengthOf } from './body/request-body.js';
import { type HeaderFields, type HttpRequest, SAFE_METHODS } from './request.js';

/** The header fields as they are sent: how long a body is, and how it is framed, is for the transport to say. */
export function framed({ method, headers, body }: HttpRequest): HeaderFields {
  if (body === undefined && (SAFE_METHODS.has(method) || method === 'DELETE')) return headers;
  const length = lengthOf(body);
  return length === undefined
    ? { ...headers, 'transfer-encoding': 'chunked' }
    : { ...headers, 'content-length': String(length) };
}
