import { checkOptions, must, type OptionsExpected } from '../config/check-options.js';
import { dotenvPath } from '../config/dotenv.js';
import { isQuoted, SettingsReader } from '../config/settings.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFilledString, isFunction } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import type { UserLike } from './user-like.js';

/** Options of a {@link UserBearer}. */
export interface UserBearerOptions {
  /**
   * The token, or a function that returns one. The function is called before every request, in the asynchronous context
   * of that request, so it should keep a token while it is good.
   *
   * @defaultValue `ITKDB_AUDREYTWO_API_KEY`
   */
  readonly bearer?: string | (() => string | Promise<string>) | undefined;
}

const OPTIONS: OptionsExpected = {
  expectation: 'given an object, such as { bearer }',
  table: {
    bearer: must(
      (value) => typeof value === 'string' || isFunction(value),
      'a string, or a function that returns one',
    ),
  },
};

/**
 * A user that has a token already, such as the key of a service. The token is opaque: its expiry is not known.
 *
 * With a function it may stand for several people, such as the visitors of a web tool: each request is sent with the
 * token that the function returned for it.
 */
export class UserBearer implements UserLike {
  readonly #source: UserBearerOptions['bearer'];
  readonly #settings = new SettingsReader();
  #bearer = '';

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option is wrong */
  constructor(options: UserBearerOptions = {}) {
    this.#source = checkOptions('new UserBearer', options, OPTIONS).bearer;
  }

  /**
   * Returns the token for this call. Where it comes from a function, only that call of the function decides it.
   *
   * @throws InvalidInvocation where it is empty
   */
  async token(): Promise<string> {
    const source = this.#source ?? this.#setting();
    const token: unknown = typeof source === 'function' ? await source() : source;
    if (isFilledString(token)) return token;
    throw new InvalidInvocation(this.#problemOf(token));
  }

  /**
   * Gets the token that `bearer` shows.
   *
   * @returns true
   * @throws InvalidInvocation where it is empty
   */
  async authenticate(): Promise<true> {
    this.#bearer = await this.token();
    return true;
  }

  /** The token; where it comes from a function, `''` before `authenticate()` and then what that last got. */
  get bearer(): string {
    if (this.#bearer === '' && typeof this.#source !== 'function') {
      return this.#source ?? this.#settings.get('ITKDB_AUDREYTWO_API_KEY');
    }
    return this.#bearer;
  }

  #problemOf(token: unknown): string {
    if (typeof this.#source === 'function') {
      const returned = typeof token === 'string' ? 'an empty string' : `a value of type ${typeof token}`;
      return `the function \`bearer\` of new UserBearer must return a token, or a Promise of one; it returned ${returned}`;
    }
    if (this.#source !== undefined)
      return '`bearer` of new UserBearer is empty: give a token, or leave `bearer` out to use ITKDB_AUDREYTWO_API_KEY';
    return `there is no bearer: give one to new UserBearer, or set ITKDB_AUDREYTWO_API_KEY in the environment or in ${dotenvPath()}`;
  }

  #setting(): string {
    const token = this.#settings.get('ITKDB_AUDREYTWO_API_KEY');
    if (!isQuoted(token)) return token;
    throw new InvalidInvocation('remove the quotes around ITKDB_AUDREYTWO_API_KEY: no token has any');
  }

  /** What a template string shows. */
  toString(): string {
    return 'UserBearer(bearer=<TOKEN>)';
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { bearer: string } {
    return { bearer: '<TOKEN>' };
  }
}
