import { AxiosHeaders } from 'axios';
import { copyHeaders } from '../http/headers.js';
import type { WireResponse } from '../http/wire.js';
import {
  redactorFor,
  type ShownRequest,
  type ShownResponse,
  showRequest,
  showResponse,
} from '../redaction/exchange.js';
import { redactor } from '../redaction/redact.js';
import type { SessionResponse } from './request-config.js';

/**
 * The answer as callers get it. axios's own holds the request with its bearer, for anybody who prints it; here `config`
 * and `request` are small copies without credentials, and of cookies only the names are left.
 *
 * The copies are made when somebody looks: hardly anybody does, and to take out the credentials is a tenth of the work
 * of a whole request.
 */
export function showExchange(response: WireResponse, data: unknown): SessionResponse {
  const { status, statusText, headers, config } = response;
  let shown: CopiedRequest | undefined;
  const look = (): CopiedRequest => {
    shown ??= copyRequest(showRequest({ ...config, data: undefined }, redactorFor({ headers, config })));
    return shown;
  };
  return {
    data,
    status,
    statusText,
    headers: withoutCookies(copyHeaders(headers)),
    get config() {
      return look().config;
    },
    get request() {
      return look().request;
    },
    fromCache: response.fromCache ?? false,
  };
}

type CopiedRequest = Pick<SessionResponse, 'config' | 'request'>;

function copyRequest({ method, url, headers }: ShownRequest): CopiedRequest {
  return {
    config: { method, url, headers: new AxiosHeaders(headers) },
    request: { method, url, res: { responseUrl: url } },
  };
}

/** The same for a failure, whose body and headers often repeat the request: what its exception shows of it. */
export function showFailure(response: WireResponse, shown: ShownResponse): SessionResponse {
  const { status, statusText, data } = shown;
  const headers = new AxiosHeaders(shown.headers);
  const fromCache = response.fromCache ?? false;
  return { data, status, statusText, headers, ...copyRequest(shown.request), fromCache };
}

/** The same for an answer that is not the last word on a request: that of a redirect, of a failed try, a 401. */
export function showReceived(response: WireResponse): SessionResponse {
  const { data } = response;
  return showFailure(response, showResponse({ ...response, data: Buffer.isBuffer(data) ? data : undefined }));
}

function withoutCookies(headers: AxiosHeaders): AxiosHeaders {
  if (headers.has('set-cookie')) headers.set(redactor.headers({ 'set-cookie': headers.get('set-cookie') }));
  return headers;
}
