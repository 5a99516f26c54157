import type { CacheMode, WireConfig } from '../http/wire.js';
import { requestDirectives } from './corrections.js';
import type { Directives } from './directives.js';

/** A request that the cache may answer. */
export interface CacheableRequest {
  readonly mode: CacheMode | undefined;
  /** What it says, corrected. */
  readonly directives: Directives;
  readonly onlyIfCached: boolean;
  /** Whether it says nothing about caching, so that any answer that is fresh will do. */
  readonly isPlain: boolean;
}

/** A caller who sends one of these does something with a part of an answer, or caches by himself. */
const CONDITIONS: ReadonlySet<string> = new Set([
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
]);
const CACHEABLE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Looks at what a request says about caching; undefined where the cache has nothing to do with it. */
export function describeRequest(config: WireConfig): CacheableRequest | undefined {
  const { cache: mode, data, decompress, headers, method } = config;
  if (mode === false || decompress === false || !CACHEABLE_METHODS.has(method.toUpperCase()))
    return undefined;
  if (data !== undefined && typeof data !== 'string' && !Buffer.isBuffer(data)) return undefined;
  if (Object.keys(headers).some((name) => CONDITIONS.has(name.toLowerCase()) && headers[name] !== undefined))
    return undefined;
  const directives = requestDirectives(headers.get('Cache-Control'), headers.get('Pragma'));
  const onlyIfCached = mode === 'only-if-cached' || directives.has('only-if-cached');
  const isPlain = mode === undefined && directives.size === 0;
  return { mode, directives, onlyIfCached, isPlain };
}
