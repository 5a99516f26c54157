import type { Institution, UserRecord } from '../../commands/shapes.js';
import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { suggest } from '../../util/similar.js';
import type { ListOptions, ReadOptions } from '../options.js';
import type { PagePromise } from '../pages/page-promise.js';
import type { ResourceContext } from './resource.js';
import type { Users } from './users.js';

/** An institution of a user, with what the user is there. */
export type UserInstitution = UserRecord['institutions'][number];

/** The institutions: `client.institutions`. */
export class Institutions {
  readonly #context: ResourceContext;
  readonly #users: Pick<Users, 'me'>;

  /** @internal */
  constructor(context: ResourceContext, users: Pick<Users, 'me'>) {
    this.#context = context;
    this.#users = users;
  }

  /**
   * Lists all institutions. Nothing is sent before the list is used.
   *
   * ```ts
   * for await (const { code, name } of client.institutions.list()) console.log(code, name);
   * ```
   *
   * @throws what `client.list` throws
   */
  list(options: ListOptions = {}): PagePromise<Institution> {
    return this.#context.client.list('listInstitutions', {}, options);
  }

  /**
   * Reads an institution.
   *
   * ```ts
   * const { name, address } = await client.institutions.get('CERN');
   * ```
   *
   * @param code - its code
   * @throws InvalidInvocation if there is none with this code; the message says which one may be meant
   * @throws what `client.get` throws
   */
  async get(code: string, options: ReadOptions = {}): Promise<Institution> {
    checkValue('client.institutions.get', 'code', code, FILLED_STRING);
    const { client } = this.#context;
    try {
      return await client.get('getInstitutionByCode', { ...options, data: { code } });
    } catch (error) {
      if (!saysMissing(error)) throw error;
      const codes: string[] = [];
      for await (const institution of this.list(options)) codes.push(institution.code);
      throw new InvalidInvocation(
        `client.institutions.get: there is no institution ${code}${suggest(code, codes)}`,
        { cause: error },
      );
    }
  }

  /**
   * Reads the institutions of the user that the requests are made for: the default one first, then the others in the
   * order of the database. The first one is what `client.shipments.create` takes for the sender.
   *
   * ```ts
   * const [site] = await client.institutions.mine();
   * ```
   *
   * @returns an empty list if the user has none
   * @throws what `client.users.me` throws
   */
  async mine(options: ReadOptions = {}): Promise<UserInstitution[]> {
    const { institutions } = await this.#users.me(options);
    const all: readonly UserInstitution[] = institutions ?? [];
    return [...all.filter((one) => one.default), ...all.filter((one) => !one.default)];
  }
}

/** Whether the server says that there is no such institution. */
function saysMissing(error: unknown): boolean {
  return (
    error instanceof ResponseException &&
    Object.keys(error.appErrors).some((key) => /institution\w*(?:DoesNotExist|NotFound|Failed)$/i.test(key))
  );
}
