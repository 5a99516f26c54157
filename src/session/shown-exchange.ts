import { AxiosHeaders } from 'axios';
import type { ResponseException } from '../exceptions/response.js';
import type { WireResponse } from '../http/wire.js';
import { redactor } from '../redact.js';
import type { SessionResponse } from './request-config.js';

/**
 * The answer as callers get it. axios's own holds the request with its bearer, for anybody who prints it; here `config`
 * and `request` are small copies without credentials, and of cookies only the names are left.
 */
export function showExchange(response: WireResponse, data: unknown): SessionResponse {
  const { status, statusText, config } = response;
  const method = config.method.toUpperCase();
  const url = redactor.text(config.url);
  return {
    data,
    status,
    statusText,
    headers: withoutCookies(new AxiosHeaders(response.headers)),
    config: { method, url, headers: new AxiosHeaders(redactor.headers(config.headers)) },
    request: { method, url, res: { responseUrl: url } },
    fromCache: response.fromCache ?? false,
  };
}

/** The same for a failure, whose body and headers often repeat the request: what its exception shows of it. */
export function showFailure(response: WireResponse, { response: shown }: ResponseException): SessionResponse {
  const { statusText, data } = shown;
  return { ...showExchange(response, data), statusText, headers: new AxiosHeaders(shown.headers) };
}

function withoutCookies(headers: AxiosHeaders): AxiosHeaders {
  if (headers.has('set-cookie')) headers.set(redactor.headers({ 'set-cookie': headers.get('set-cookie') }));
  return headers;
}
