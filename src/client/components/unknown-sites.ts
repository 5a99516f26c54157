import { similarNames, suggest } from '../../util/similar.js';
import type { ReadOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';

/**
 * Warns of codes that no institution has: to the database a list of what is there is empty, and no error. Where the
 * institutions cannot be read there is no warning.
 *
 * @param options - those of the request
 */
export async function warnOfUnknownSites(
  { client, report }: ResourceContext,
  sites: readonly string[],
  options: ReadOptions,
): Promise<void> {
  const command = 'listComponents';
  const institutions = await client
    .list('listInstitutions', {}, options)
    .toArray()
    .catch(() => undefined);
  if (institutions === undefined) return;
  const known = institutions.map(({ code }) => code);
  for (const site of sites.filter((code) => !known.includes(code))) {
    const similar = similarNames(site, known);
    const message = `there is no institution with the code ${site}${suggest(site, known)}`;
    report({ command, key: 'unknownCode', message, paramMap: { site, similar } });
  }
}
