import { InvalidInvocation } from '../exceptions/base.js';
import type { ResponseExceptionOptions } from '../exceptions/response.js';
import { exceptionFor, isFailure } from '../exceptions/status.js';
import { AxiosHeaders } from '../http/axios.js';
import { decodeBody, decodeText, readFailedBody } from '../http/body/response-body.js';
import { type HttpRequest, type HttpResponse, type RequestOptions, SAFE_METHODS } from '../http/request.js';
import { requestInput, responseInput } from '../http/response-input.js';
import {
  type RequestInput,
  type ShownRequest,
  type ShownResponse,
  showRequest,
  showResponse,
} from '../redaction/exchange.js';
import { redactor } from '../redaction/redact.js';
import type { RequestConfig, SessionResponse } from './request-options.js';

/** How the caller wants the body of a response to be read. */
export type ReadOptions = Pick<RequestConfig, 'responseType' | 'transformResponse'>;

/**
 * Returns whether the caller gets the response, not an exception. A write that was redirected and not followed was not
 * done; only 303 says that it was.
 */
export function isAccepted(
  { status, request }: HttpResponse,
  { validateStatus }: Pick<RequestOptions, 'validateStatus'>,
): boolean {
  if (validateStatus !== undefined) return Boolean(notPromise('validateStatus', validateStatus(status)));
  const isRedirected = status >= 300 && status < 400 && status !== 303;
  return !isFailure(status) && !(isRedirected && !SAFE_METHODS.has(request.method));
}

/**
 * Reads the body of a response into the response that the caller is given.
 *
 * @param isCommand - whether the request went to the database, which never answers with a page of HTML
 * @throws BadJSON
 */
export function readBody(
  shown: SessionResponse,
  response: HttpResponse,
  { responseType, transformResponse }: ReadOptions,
  isCommand: boolean,
): SessionResponse {
  const data =
    transformResponse === undefined
      ? decodeBody(response, responseType, isCommand && response.status < 300)
      : decodeText(response, responseType);
  shown.data = response.isShared && Buffer.isBuffer(data) ? Buffer.from(data) : data;
  if (transformResponse === undefined) return shown;
  for (const transform of [transformResponse].flat()) {
    const { config, headers, status } = shown;
    shown.data = notPromise(
      'transformResponse',
      transform.call(config as never, shown.data, headers as AxiosHeaders, status),
    );
  }
  return shown;
}

/** Makes the exception of a response, and what the session shows of it as the last response. */
export async function toException(
  response: HttpResponse,
  explanation: ResponseExceptionOptions,
): Promise<{ readonly exception: Error; readonly shown: SessionResponse }> {
  const input = responseInput(response, await readFailedBody(response));
  const exception = exceptionFor(input, explanation);
  return { exception, shown: showFailure(exception.response, response) };
}

/** What is shown of a response that was followed by another one: that of a redirect, of a failed attempt, a 401. */
export function showSuperseded(response: HttpResponse): SessionResponse {
  const { body } = response;
  return showFailure(
    showResponse(responseInput(response, Buffer.isBuffer(body) ? body : undefined)),
    response,
  );
}

function showFailure(shown: ShownResponse, { fromCache = false }: HttpResponse): SessionResponse {
  const { status, statusText, data, request } = shown;
  return {
    status,
    statusText,
    data,
    headers: new AxiosHeaders(shown.headers),
    ...copiesOf(request),
    fromCache,
  };
}

type Copies = Pick<SessionResponse, 'config' | 'request'>;

function copiesOf({ method, url, headers }: ShownRequest): Copies {
  return {
    config: { method, url, headers: new AxiosHeaders(headers) },
    request: { method, url, res: { responseUrl: url } },
  };
}

/**
 * Makes the response that a caller is given, without its data. axios's own holds the request with its token, for anyone
 * who prints it; here `config` and `request` are small copies without credentials, and of cookies only the names are left.
 */
export function showSuccess(response: HttpResponse): SessionResponse {
  const { status, statusText, headers, fromCache = false } = response;
  const shownHeaders = Object.assign(new AxiosHeaders(), headers);
  if (headers['set-cookie'] !== undefined)
    shownHeaders.set(redactor.headers({ 'set-cookie': headers['set-cookie'] }));
  const copies = copyRequest(response);
  return {
    data: undefined,
    status,
    statusText,
    headers: shownHeaders,
    get config() {
      return copies().config;
    },
    get request() {
      return copies().request;
    },
    fromCache,
  };
}

/** Copies the request at the first access. Most callers never read it. */
function copyRequest({ request, token }: HttpResponse): () => Copies {
  if (request.redirectedBy !== undefined) {
    // A redirect can have put the token into the URL. The token must not be kept, so the copies are made now.
    const copies = copiesOf(showRequest(withoutBody(requestInput(request, token))));
    return () => copies;
  }
  let copies: Copies | undefined;
  return () => {
    copies ??= copiesOf(showRequest(withoutBody(withPlaceholder(request))));
    return copies;
  };
}

function withoutBody(input: RequestInput): RequestInput {
  return { ...input, data: undefined };
}

function withPlaceholder({ method, url, headers, usesToken }: HttpRequest): RequestInput {
  return { method, url, headers: usesToken ? { ...headers, authorization: 'Bearer <TOKEN>' } : headers };
}

/** @throws InvalidInvocation where a function that is not waited for returned a promise */
function notPromise<T>(name: string, value: T): T {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {});
  throw new InvalidInvocation(`\`${name}\` must not be async: it is not waited for`);
}
