import { Aborted, TransportException } from '../exceptions/transport.js';
import { isPage } from '../http/body/body.js';
import type { Abortable } from '../http/cancellation.js';
import { copyHeaders } from '../http/headers.js';
import type { Outcome } from '../http/retry-budget.js';
import { discard, type Exchange, type WireConfig, type WireResponse } from '../http/wire.js';
import { isReadable } from '../util/guards.js';
import { answerFrom, gatewayTimeout, holdsSecret, keptHeaders, mergeHeaders, tee } from './answers.js';
import type { CacheContext } from './context.js';
import { correctRequest, type Facts } from './corrections.js';
import { formatDirectives } from './directives.js';
import { decide, type Question, type Verdict } from './engine.js';
import { extension, isExtensible } from './expires-after.js';
import { type Keys, ownerOf } from './key.js';
import { assess, expiresAfterOf, isTelling, type Lifetimes, policyFor } from './policy.js';
import type { CacheableRequest } from './request.js';
import { valuesOf, variesBy } from './vary.js';
import { type Held, toHeld, type Vault } from './vault.js';

/** One read that what is held does not answer at once. */
export interface Job {
  readonly config: WireConfig;
  /** What ends it: the caller's word, or that nobody waits for it any more. */
  readonly signal: Abortable | undefined;
  readonly next: Exchange;
  readonly request: CacheableRequest;
  readonly owner: string;
  readonly key: string;
  readonly held: Held | undefined;
  /** Whether what is held has to be asked for anew, however fresh it is. */
  readonly isMarked: boolean;
  /** For which outcomes what is held stands in. Settled before anything is sent: who is not forgiven is tried again. */
  readonly forgives: ((outcome: Outcome) => boolean) | undefined;
  /** That of the vault when the read began. */
  readonly generation: number;
}

/** The server's answer, and what of it decides whether it is kept. */
interface Received {
  readonly response: WireResponse;
  readonly facts: Facts;
}

const NO_BODY = Buffer.alloc(0);
/** The longest streamed body that is held in memory too, in bytes. */
const HELD_STREAM = 1024 * 1024;
/** How much of streamed bodies is held in memory at a time, in bytes; what comes on top is passed on, and not kept. */
const STREAMS = 64 * 1024 * 1024;
/** The errors that `stale-if-error` is about (RFC 5861, section 4). */
const FORGIVABLE: ReadonlySet<number> = new Set([500, 502, 503, 504]);
/** The errors that say that there is nothing any more. */
const GONE: ReadonlySet<number> = new Set([404, 410]);
const NOT_CACHED: Error = new Error('not in the cache');
const FAILED: Error = new Error('an answer that is an exception');

/** Gets answers from the server as the engine decides, and keeps those that may be kept. */
export class Fetcher {
  readonly #context: CacheContext;
  readonly #vault: Vault;
  readonly #keys: Keys;
  /** What all the streams together may hold in memory until they have ended. */
  readonly #room = { left: STREAMS };

  constructor(context: CacheContext, vault: Vault, keys: Keys) {
    this.#context = context;
    this.#vault = vault;
    this.#keys = keys;
  }

  async fetch(job: Job): Promise<WireResponse> {
    const { config, held, request } = job;
    const last: { received?: Received } = {};
    const send = async (validators?: Record<string, string>): Promise<Facts> => {
      last.received = await this.#send(job, validators);
      const { facts } = last.received;
      if (isErrorTo(config, facts.status)) throw FAILED;
      return facts;
    };
    try {
      // Where nothing is held there is nothing to decide.
      const verdict =
        held === undefined ? await send().then(() => 'new') : await this.#decide(job, held, send);
      if (held !== undefined && verdict === 'stored') return answerFrom(held, config, Date.now());
      const { response, facts } = last.received as Received;
      if (held !== undefined && verdict === 'revalidated') return this.#renew(job, held, response, facts);
      const lifetimes = request.directives.has('no-store') ? undefined : this.#assess(facts);
      return lifetimes === undefined
        ? this.#pass(job, response)
        : this.#keep(job, response, facts, lifetimes);
    } catch (error) {
      if (error === NOT_CACHED) return gatewayTimeout(config);
      if (error === FAILED && last.received !== undefined) return this.#pass(job, last.received.response);
      const isOutcome = error instanceof TransportException;
      if (isOutcome && held !== undefined && job.forgives?.(error))
        return answerFrom(held, config, Date.now());
      throw error;
    }
  }

  async #send(job: Job, validators?: Record<string, string>): Promise<Received> {
    const { config, forgives, next, request, held, signal } = job;
    if (request.onlyIfCached) throw NOT_CACHED;
    const requestedAt = Date.now();
    const headers = copyHeaders(config.headers, validators);
    // With an answer in hand there is no need to try for minutes.
    const response = await next({ ...config, headers, forgives, signal } as WireConfig);
    const receivedAt = Date.now();
    const expiresAfter = this.#extensionOf(job, response);
    // Where there is nothing to be decided by them, none is looked at.
    const decides =
      held !== undefined || expiresAfter !== undefined || Object.keys(response.headers).some(isTelling);
    const kept = decides ? keptHeaders(response.headers) : [];
    if (expiresAfter !== undefined) response.headers.set(extension(expiresAfter, receivedAt));
    return {
      response,
      facts: { status: response.status, headers: kept, requestedAt, receivedAt, expiresAfter },
    };
  }

  #extensionOf({ config, held }: Job, response: WireResponse): number | undefined {
    const { expiresAfter, covers } = this.#context;
    if (expiresAfter === undefined || config.method.toUpperCase() !== 'GET' || isPage(response))
      return undefined;
    const status = (response.status === 304 ? held?.status : response.status) ?? 0;
    return isExtensible(status) && covers(config.url) ? expiresAfter : undefined;
  }

  #decide(job: Job, held: Held, send: Question['send']): Promise<Verdict> {
    const stored = policyFor(held, expiresAfterOf(held, this.#context.expiresAfter));
    return decide({ headers: directivesFor(job), stored, send });
  }

  #assess(facts: Facts): Lifetimes | undefined {
    return assess(facts, this.#context.expiresAfter);
  }

  /** The answer is the one that is held, with the headers of a 304. */
  #renew(job: Job, held: Held, response: WireResponse, update: Facts): WireResponse {
    discard(response.data);
    const headers = mergeHeaders(held.headers, update.headers);
    const facts = { ...update, status: held.status, headers };
    const lifetimes = this.#assess(facts);
    const now = Date.now();
    const renewed = toHeld({ ...held, ...facts }, lifetimes ?? { ...held, bornAt: now });
    if (lifetimes === undefined) void this.#vault.delete(held.key);
    else if (!this.#isOutdated(job, held.key, facts)) this.#vault.put(renewed);
    return answerFrom(renewed, job.config, now);
  }

  /** Whether an answer is older than what is held by now, or than what is forgotten by now. */
  #isOutdated({ generation }: Job, name: string, { requestedAt }: Facts): boolean {
    if (generation !== this.#vault.generation) return true;
    const held = this.#vault.peek(name);
    if (held?.kind !== 'answer') return false;
    // Unless the clock was stepped back.
    return held.requestedAt > requestedAt && held.requestedAt <= Date.now();
  }

  /** The answer is the server's, and may be kept. */
  #keep(job: Job, response: WireResponse, facts: Facts, lifetimes: Lifetimes): WireResponse {
    const { config, key, held } = job;
    const names = this.#namesFor(job, response);
    if (names === undefined || lifetimes.keepUntil <= facts.receivedAt) return this.#pass(job, response);
    const varies = names.length > 0;
    const name = varies ? this.#keys.variant(key, valuesOf(names, config.headers)) : key;
    const store = (body: readonly Buffer[]): void => {
      if (this.#isOutdated(job, name, facts) || holdsSecret(facts, body, response)) return;
      const entry = { kind: 'answer', key: name, ...facts, statusText: response.statusText } as const;
      const isLong = body.length > 1 && body.reduce((sum, { length }) => sum + length, 0) > HELD_STREAM;
      const whole = body.length === 1 ? (body[0] as Buffer) : isLong ? NO_BODY : Buffer.concat(body);
      this.#vault.put(toHeld({ ...entry, body: whole }, lifetimes), isLong ? body : undefined);
      if (varies) this.#vault.point({ kind: 'vary', key, names });
    };
    if (held !== undefined && held.key !== name) void this.#vault.delete(held.key);
    if (isReadable(response.data))
      return {
        ...response,
        data: tee(response.data, { limit: this.#context.maxSize / 8, room: this.#room }, store),
      };
    store([response.data]);
    return { ...response, isShared: true };
  }

  /** The request headers that an answer varies by; undefined where it cannot be said whom it would do for. */
  #namesFor({ config, owner }: Job, response: WireResponse): readonly string[] | undefined {
    const sentCookies = response.config.headers.has('Cookie') && !config.headers.has('Cookie');
    // Cookies of the session are not in the key, so where nobody asks they could make the answer anybody's.
    if (sentCookies && owner === '') return undefined;
    // The user may have become another while the request waited.
    if (ownerOf(response.config, this.#context.identity) !== owner) return undefined;
    return variesBy(response, sentCookies);
  }

  /** The answer is the server's, and is not kept; or, for an error, the one that is held. */
  #pass(job: Job, response: WireResponse): WireResponse {
    const { config, held, key, request } = job;
    const { status } = response;
    if (held !== undefined && job.forgives?.(response)) {
      discard(response.data);
      return answerFrom(held, config, Date.now());
    }
    const isNews = status < 400 || GONE.has(status);
    if (isNews && (held !== undefined || request.mode === 'reload'))
      void this.#vault.delete(held?.key ?? key);
    return response;
  }
}

/** Whether an answer is an exception to this caller: such an answer is not kept, nor given to him by the cache. */
export function isErrorTo({ accepts }: WireConfig, status: number): boolean {
  try {
    return status >= 400 && !accepts?.(status);
  } catch {
    // He is told when he is given the answer; others may wait for it too.
    return true;
  }
}

/** Whether what is held may stand in for such an outcome, if it may stand in for one at all. */
export function isForgivable(outcome: Outcome): boolean {
  if (outcome instanceof TransportException) return !(outcome instanceof Aborted);
  return FORGIVABLE.has(outcome.status);
}

/** The request's own directives, corrected by what is held, for the engine. */
function directivesFor({ request, isMarked, held }: Job): Record<string, string> {
  const directives = correctRequest(request.directives, held && { ...held, isMarked }, Date.now());
  return directives.size === 0 ? {} : { 'cache-control': formatDirectives(directives) };
}
