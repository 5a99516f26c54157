import type { Exchange } from '../http/wire.js';
import { gatewayTimeout } from './answers.js';
import type { SessionCache } from './session-cache.js';

/** Answers requests from a cache, or else by `next`. */
export function withCache(sessionCache: Pick<SessionCache<never>, 'open'>, next: Exchange): Exchange {
  return async (config) => {
    const opening = sessionCache.open();
    const cache = opening instanceof Promise ? await opening : opening;
    if (cache === undefined) return config.cache === 'only-if-cached' ? gatewayTimeout(config) : next(config);
    const response = await cache.exchange(config, next);
    response.retract = () => cache.delete(config);
    return response;
  };
}
