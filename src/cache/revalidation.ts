import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import CacheableRequest from 'cacheable-request';
import type CachePolicy from 'http-cache-semantics';
import { ANY_REQUEST, correctResponse, type Facts, optionsFor, PRIVATE_CACHE } from './policy.js';

/** As much of an `http.IncomingMessage` as cacheable-request needs. */
type Message = Readable & { statusCode: number; status: number; url: string; fromCache?: boolean };

/**
 * Decides by cacheable-request whether a stored response may be used, and revalidates it where it may not.
 *
 * Each request has an instance over a store with one place: the key of cacheable-request contains neither the body nor
 * the user, and an instance keeps a listener for each request. It sees corrected headers and no body; what it would
 * store is stored by `HttpCache`.
 *
 * @param cacheControl - that of the request
 * @param policy - that of the stored response
 * @param send - sends the request with the given validators
 * @returns whether the stored response is used, is used with the headers of a 304, or is not used
 */
export function decide(
  cacheControl: string,
  policy: CachePolicy.CachePolicyObject,
  send: (validators: Record<string, string>) => Promise<Facts>,
): Promise<'stored' | 'revalidated' | 'new'> {
  return new Promise((resolve, reject) => {
    let wasSent = false;
    const request = (
      options: { headers: Record<string, string> },
      respond: (response: Message) => Promise<void>,
    ): EventEmitter => {
      wasSent = true;
      const validators = Object.entries(options.headers).filter(([name]) =>
        /^if-(?:none|modified)/.test(name),
      );
      send(Object.fromEntries(validators))
        .then((facts) => respond(toMessage(facts, options)))
        .catch(reject);
      return new EventEmitter();
    };
    const instance = new CacheableRequest(request as never);
    const entry = { url: '', statusCode: policy.st, body: Buffer.alloc(0), cachePolicy: policy };
    const ignored = async (): Promise<void> => {};
    Object.assign(instance, { cache: { get: async () => entry, set: ignored, delete: ignored } });
    const headers = cacheControl === '' ? {} : { 'cache-control': cacheControl };
    instance
      .request()({ ...ANY_REQUEST, headers, ...PRIVATE_CACHE } as never)
      .on('error', reject)
      .on('response', (response) => {
        if (!(response as unknown as Message).fromCache) resolve('new');
        else resolve(wasSent ? 'revalidated' : 'stored');
      });
  });
}

function toMessage(facts: Facts, options: object): Message {
  const corrected = correctResponse(facts, facts.expiresAfter);
  Object.assign(options, optionsFor(corrected));
  const { status, headers } = corrected;
  return Object.assign(Readable.from([]), { statusCode: status, status, headers, url: '' });
}
