import { Session, type SessionOptions } from '../../src/index.js';
import { MockUser } from './mock-user.js';
import { Origin, type Respond } from './origin.js';

/** An origin, and a session with a mock user whose prefix it is. */
export async function withOrigin(
  respond?: Respond,
  options: SessionOptions = {},
): Promise<
  AsyncDisposable & { readonly origin: Origin; readonly user: MockUser; readonly session: Session }
> {
  const origin = await Origin.start(respond);
  const user = new MockUser();
  const session = new Session({ user, prefixUrl: origin.url, retry: false, ...options });
  return {
    origin,
    user,
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}
