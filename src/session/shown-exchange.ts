import { AxiosHeaders } from 'axios';
import type { ResponseException } from '../exceptions/response.js';
import type { WireConfig, WireResponse } from '../http/wire.js';
import { redactor } from '../redact.js';
import type { SessionResponse } from './request-config.js';

/**
 * The answer as callers get it. axios's own holds the request with its bearer, for anybody who prints it; here `config`
 * and `request` are small copies without credentials, and of cookies only the names are left.
 *
 * The copies are made when somebody looks: hardly anybody does, and to take out the credentials is a tenth of the work
 * of a whole request.
 */
export function showExchange(response: WireResponse, data: unknown): SessionResponse {
  const { status, statusText, config } = response;
  let shown: Pick<SessionResponse, 'config' | 'request'> | undefined;
  return {
    data,
    status,
    statusText,
    headers: withoutCookies(new AxiosHeaders(response.headers)),
    get config() {
      shown ??= showRequest(config);
      return shown.config;
    },
    get request() {
      shown ??= showRequest(config);
      return shown.request;
    },
    fromCache: response.fromCache ?? false,
  };
}

function showRequest(config: WireConfig): Pick<SessionResponse, 'config' | 'request'> {
  const method = config.method.toUpperCase();
  const url = redactor.text(config.url);
  return {
    config: { method, url, headers: new AxiosHeaders(redactor.headers(config.headers)) },
    request: { method, url, res: { responseUrl: url } },
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
