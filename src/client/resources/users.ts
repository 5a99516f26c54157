import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import type { ReadOptions } from '../options.js';
import type { CommandResultOf } from '../results.js';
import type { ResourceContext } from './resource.js';

/** A user, as `getUser` returns it. */
type User = CommandResultOf<'getUser'>;

/** The users of the database: `client.users`. */
export class Users {
  readonly #context: ResourceContext;

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
  }

  /**
   * Reads the user that the requests are made for, and signs in if needed.
   *
   * ```ts
   * const { firstName, institutions } = await client.users.me();
   * ```
   *
   * @throws what `client.whoAmI` and `client.get` throw
   */
  async me(options: ReadOptions = {}): Promise<User> {
    const { identity } = await this.#context.client.whoAmI();
    return this.get(identity, options);
  }

  /**
   * Reads a user.
   *
   * @param identity - the `userIdentity`, such as `1234-567-1`
   * @throws BadRequest if there is no such user
   * @throws what `client.get` throws
   */
  async get(identity: string, options: ReadOptions = {}): Promise<User> {
    checkValue('client.users.get', 'identity', identity, FILLED_STRING);
    return this.#context.client.get('getUser', { ...options, data: { userIdentity: identity } });
  }
}
