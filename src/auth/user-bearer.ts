import { resolve } from 'node:path';
import { SettingsReader } from '../config/settings.js';
import { check, copyOptions, lazyZod, optionsSchema } from '../config/validation.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFunction } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import type { UserLike } from './user-like.js';

/** Options of a {@link UserBearer}. */
export interface UserBearerOptions {
  /**
   * The bearer, or a function that gets one; it is called before every request, so it should keep what is still good.
   *
   * @defaultValue `ITKDB_AUDREYTWO_API_KEY`
   */
  readonly bearer?: string | (() => string | Promise<string>) | undefined;
}

/** Somebody who has a bearer already, such as the key of a service. It is opaque: nobody knows when it expires. */
export class UserBearer implements UserLike {
  readonly #source: UserBearerOptions['bearer'];
  readonly #settings = new SettingsReader();
  #bearer = '';

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option is wrong */
  constructor(options: UserBearerOptions = {}) {
    const given = copyOptions('new UserBearer', options);
    const z = lazyZod();
    const expectation = 'a string, or a function that returns one';
    const bearer = z.union([z.string(), z.custom(isFunction)], expectation).optional();
    check('new UserBearer', optionsSchema({ bearer }, 'given an object, such as { bearer }'), given);
    this.#source = given.bearer;
  }

  /**
   * Gets the bearer.
   *
   * @returns true
   * @throws InvalidInvocation where it is empty
   */
  async authenticate(): Promise<true> {
    const source = this.#source ?? this.#settings.get('ITKDB_AUDREYTWO_API_KEY');
    const bearer: unknown = typeof source === 'function' ? await source() : source;
    if (typeof bearer !== 'string' || bearer === '') {
      throw new InvalidInvocation(
        `the bearer is empty: give one to new UserBearer, or set ITKDB_AUDREYTWO_API_KEY in the environment or in ${resolve('.env')}`,
      );
    }
    this.#bearer = bearer;
    return true;
  }

  /** The bearer; where it comes from a function, `''` before `authenticate()` and then what it last returned. */
  get bearer(): string {
    if (this.#bearer === '' && typeof this.#source !== 'function') {
      return this.#source ?? this.#settings.get('ITKDB_AUDREYTWO_API_KEY');
    }
    return this.#bearer;
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
