import type { RequestInput, ResponseInput } from '../redaction/exchange.js';
import { framed } from './framing.js';
import { bearerOf, type HttpRequest, type HttpResponse, type Token } from './request.js';

/**
 * The request as exceptions are made of it: with its token, so that the redactor knows what to replace. It is not kept:
 * an exception holds a redacted copy.
 */
export function requestInput(request: HttpRequest, token?: Token): RequestInput {
  const { method, url, body, redirectedBy } = request;
  const headers = framed(request);
  const isSentWithToken = request.usesToken && token !== undefined;
  return {
    method,
    url,
    headers: isSentWithToken ? { ...headers, authorization: bearerOf(token) } : headers,
    data: isRepeatable(body) ? body.source : body,
    redirectedBy: redirectedBy && {
      headers: redirectedBy.headers,
      config: requestInput(redirectedBy.request, redirectedBy.token),
    },
  };
}

/** The response as exceptions are made of it. */
export function responseInput(response: HttpResponse, data: unknown = response.body): ResponseInput {
  const { status, statusText, headers, request, token } = response;
  return { status, statusText, headers, data, config: requestInput(request, token) };
}

function isRepeatable(body: HttpRequest['body']): body is Extract<HttpRequest['body'], { source: unknown }> {
  return typeof body === 'object' && 'source' in body;
}
