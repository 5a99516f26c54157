import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import CacheableRequest from 'cacheable-request';
import type CachePolicy from 'http-cache-semantics';
import { correctResponse, type Facts, heuristicOf } from './corrections.js';
import { ANY_REQUEST, PRIVATE_CACHE } from './policy.js';

/** What the engine is asked about. */
export interface Question {
  /** The request's headers, corrected. */
  readonly headers: Record<string, string>;
  /** The policy of the answer at hand. */
  readonly stored: CachePolicy.CachePolicyObject;
  /** Asks the server; the validators go along. */
  readonly send: (validators: Record<string, string>) => Promise<Facts>;
}

/** What is to be done: use what is stored, use it with the headers of a 304, or use the server's answer. */
export type Verdict = 'stored' | 'revalidated' | 'new';

const NO_BODY = Buffer.alloc(0);

/**
 * Decides what becomes of a request, by cacheable-request.
 *
 * Each request has an instance of its own over a view with one place, because the engine's key knows neither the body nor
 * the user and cannot be replaced, and because an instance gathers listeners. It sees corrected headers and no body:
 * the body, the true headers and the writing are the business of those around it.
 */
export async function decide(question: Question): Promise<Verdict> {
  const { headers, stored, send } = question;
  return new Promise((resolve, reject) => {
    let wasSent = false;
    const request = (options: Options, respond: (response: Message) => Promise<void>): EventEmitter => {
      wasSent = true;
      send(validatorsIn(options.headers))
        .then((facts) => respond(toMessage(facts, options)))
        .catch(reject);
      return new EventEmitter();
    };
    const engine = new CacheableRequest(
      request as unknown as ConstructorParameters<typeof CacheableRequest>[0],
    );
    engine.cache = viewOf(stored) as unknown as typeof engine.cache;
    engine
      .request()({ ...ANY_REQUEST, headers, ...PRIVATE_CACHE } as Parameters<
        ReturnType<typeof engine.request>
      >[0])
      .on('error', reject)
      .on('response', (response) => {
        const { fromCache } = response as unknown as Message;
        if (fromCache) resolve(wasSent ? 'revalidated' : 'stored');
        else resolve('new');
      });
  });
}

interface Options {
  headers: Record<string, string>;
  cacheHeuristic?: number;
}

/** As much of an `http.IncomingMessage` as the engine needs. */
type Message = Readable & {
  statusCode: number;
  status: number;
  headers: Record<string, string>;
  url: string;
  fromCache?: boolean;
};

/** A store with one place. What the engine would write is known better here, and is written by others. */
function viewOf(stored: CachePolicy.CachePolicyObject): object {
  const entry = { url: '', statusCode: stored.st, body: NO_BODY, cachePolicy: stored };
  return { get: async () => entry, set: async () => true, delete: async () => true };
}

function validatorsIn(headers: Record<string, string>): Record<string, string> {
  const names = ['if-none-match', 'if-modified-since'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}

function toMessage(facts: Facts, options: Options): Message {
  const corrected = correctResponse(facts, facts.expiresAfter);
  options.cacheHeuristic = heuristicOf(corrected);
  const { status, headers } = corrected;
  return Object.assign(Readable.from([]), { statusCode: status, status, headers, url: '' });
}
