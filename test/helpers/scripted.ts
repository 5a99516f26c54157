import { type RetryEvent, type RetryOptions, Session, type SessionOptions } from '../../src/index.js';
import { MockUser } from './mock-user.js';
import { json, Origin, type Respond } from './origin.js';

/** Retries that hardly wait. */
export const QUICK: RetryOptions = { baseDelay: 1 };

/** An origin whose answers are scripted, the last one for ever, and a session that retries without waiting long. */
export async function scripted(
  script: readonly (number | Respond)[],
  options: SessionOptions = {},
): Promise<
  AsyncDisposable & {
    readonly origin: Origin;
    readonly session: Session;
    readonly events: readonly RetryEvent[];
    readonly tries: number;
  }
> {
  let at = 0;
  const origin = await Origin.start((request, response) => {
    const step = script[Math.min(at++, script.length - 1)] ?? 200;
    if (typeof step === 'number') json(response, {}, step);
    else step(request, response);
  });
  const events: RetryEvent[] = [];
  const session = new Session({
    user: new MockUser(),
    prefixUrl: origin.url,
    retry: QUICK,
    onRetry: (event) => events.push(event),
    ...options,
  });
  return {
    origin,
    session,
    events,
    get tries(): number {
      return origin.requests.length;
    },
    async [Symbol.asyncDispose]() {
      await session.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

/** Drops the connection. */
export const drop: Respond = (_, response) => response.destroy();

/** Never answers. */
export const stall: Respond = () => {};
