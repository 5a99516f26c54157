import { InvalidInvocation } from '../exceptions/base.js';

/** What to do instead of an assignment that the Python package allows. */
const INSTEAD: Readonly<Record<string, string>> = {
  auth: 'give `auth` to a request',
  cert: 'give an `httpsAgent` with the certificate to new Session',
  params: 'give `params` to a request',
  proxies: 'give `proxy` to new Session',
  user: 'make a session for each user: new Session({ user })',
  verify: 'give `ca` to new Session',
};

/**
 * Makes assignments to options of an object throw. Without that, one to a getter or to a name that means nothing is
 * silently ignored in CommonJS, and the next write is sent in the name of the user before.
 *
 * @param names - of the options
 */
export function refuseAssignments(prototype: object, names: readonly string[]): void {
  for (const name of new Set([...names, ...Object.keys(INSTEAD)])) {
    const instead = INSTEAD[name] ?? `give \`${name}\` to new Session`;
    Object.defineProperty(prototype, name, {
      configurable: true,
      get: Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown,
      set() {
        throw new InvalidInvocation(`\`${name}\` of a session cannot be changed; ${instead}`);
      },
    });
  }
}
