import { DEFAULT_SETTINGS } from '../../config/settings.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isRecord } from '../../util/guards.js';
import { formOf } from '../identifiers.js';

/** What has a page on the website: a component, a test run, or the response to the upload of one. */
export type WithWebPage =
  | { readonly code: string; readonly serialNumber: string | null }
  | { readonly id: string; readonly passed: boolean }
  | { readonly component: { readonly code: string } }
  | { readonly testRun: { readonly id: string } };

/**
 * Returns the address of the web page of a component or of a test run, for people: it needs a sign-in in the browser.
 *
 * ```ts
 * const uploaded = await client.post('uploadTestRunResults', run);
 * console.log(webUrl(uploaded)); // https://itkpd.unicornuniversity.net/testRunView?id=65a0c1d2e3f4051627384961
 * ```
 *
 * @param record - a component, a test run, or what `uploadTestRunResults` or `registerComponent` returned
 * @param site - the URL of the website. It is that of the API, so `client.session.prefixUrl` can be given
 * @throws InvalidInvocation where the record is neither, or lacks its code or id
 */
export function webUrl(record: WithWebPage, site: string | URL = DEFAULT_SETTINGS.ITKDB_API_URL): string {
  const { testRun, component, ...own }: Readonly<Record<string, unknown>> = { ...record };
  if (isRecord(testRun) && isId(testRun['id'])) return join('testRunView', 'id', testRun['id'], site);
  if (isCode(own['code'])) return join('componentView', 'code', own['code'], site);
  if ('passed' in own && isId(own['id'])) return join('testRunView', 'id', own['id'], site);
  if (isRecord(component) && isCode(component['code']))
    return join('componentView', 'code', component['code'], site);
  throw new InvalidInvocation(
    'webUrl: the argument must be a component with its `code`, or a test run with its `id`, as the database sent it',
  );
}

/** Returns the address of the web page of a test run, whatever its id is. */
export function testRunUrl(id: string, site: string | URL): string {
  return join('testRunView', 'id', id, site);
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && formOf(value) === 'code';
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && formOf(value) === 'id';
}

function join(page: string, key: string, value: string, site: string | URL): string {
  if (!URL.canParse(String(site))) throw new InvalidInvocation('webUrl: `site` must be a URL');
  return new URL(`${String(site).replace(/\/?$/, '/')}${page}?${key}=${value}`).href;
}
