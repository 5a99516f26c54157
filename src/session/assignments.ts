import { InvalidInvocation } from '../exceptions/base.js';

/** What to do instead of an assignment that the Python package allows. */
const INSTEAD: Readonly<Record<string, string>> = {
  adapters:
    'give `httpAgent`, `httpsAgent` or `proxy` to new Session; for tests, start a server with itkdb/testing',
  auth: 'give `auth` to a request',
  cert: 'give an `httpsAgent` with the certificate to new Session',
  cookies: 'the session keeps those of the server; give others to a request: `headers: { Cookie: … }`',
  expires_after: 'give `expiresAfter` to new Session',
  headers: 'give `headers` to new Session, or to a request',
  hooks: 'call your function after the `await` of a request, or give `logger` to new Session',
  max_redirects: 'give `maxRedirects` to new Session, or to a request',
  params: 'give `params` to a request',
  prefix_url: 'give `prefixUrl` to new Session',
  proxies: 'give `proxy` to new Session',
  retries: 'give `retry` to new Session, or to a request',
  stream: "give `responseType: 'stream'` to a request",
  trust_env: 'give `proxy: false` to new Session to leave out the proxies of the environment',
  user: 'make a session for each user: new Session({ user })',
  verify: 'give `ca` to new Session',
};

/** What is read in order to change a member of it: `session.headers['X-Mine'] = 'value'`. */
const CONTAINERS: readonly string[] = ['adapters', 'cookies', 'headers', 'hooks', 'params', 'proxies'];

/**
 * Makes assignments to options of an object throw. Without that, one to a getter or to a name that means nothing is
 * silently ignored in CommonJS, and the next write is sent in the name of the user before.
 *
 * @param names - of the options
 */
export function refuseAssignments(prototype: object, names: readonly string[]): void {
  for (const name of new Set([...names, ...Object.keys(INSTEAD)])) {
    const refuse = (): never => {
      const instead = INSTEAD[name] ?? `give \`${name}\` to new Session`;
      throw new InvalidInvocation(`\`${name}\` of a session cannot be changed; ${instead}`);
    };
    const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown;
    Object.defineProperty(prototype, name, {
      configurable: true,
      get: CONTAINERS.includes(name) ? refuse : get,
      set: refuse,
    });
  }
}
