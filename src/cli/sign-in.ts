import type { Addresses } from '../auth/stored-sign-in.js';
import { checkValue, PREFIX_URL } from '../config/check-options.js';
import { DEFAULT_SETTINGS, SettingsReader } from '../config/settings.js';
import { parsePrefix } from '../http/url.js';
import type { GlobalOptions } from './program.js';

/** Where the command line signs in, by its options and settings. */
export class SignInPlace {
  readonly #options: GlobalOptions;
  readonly #settings = new SettingsReader();

  constructor(options: GlobalOptions) {
    this.#options = options;
  }

  /**
   * The addresses that a sign-in is stored for.
   *
   * @throws InvalidInvocation where an address is wrong
   */
  get addresses(): Addresses {
    const audience = this.#settings.get('ITKDB_ACCESS_AUDIENCE');
    return { ...{ authUrl: this.#url('authUrl'), apiUrl: this.#url('apiUrl') }, audience };
  }

  /** Sentences about addresses that are not the default: the user must see where the access codes go. */
  get unusual(): string[] {
    return (['authUrl', 'apiUrl'] as const).flatMap((of) => {
      const { noun, option, setting, given } = this.#source(of);
      const url = this.#url(of);
      if (url === DEFAULT_SETTINGS[setting]) return [];
      return [`The ${noun} is ${url} (${given === undefined ? this.#settings.originOf(setting) : option}).`];
    });
  }

  /** The origin of access codes that are used in place of a stored sign-in; undefined where there are none. */
  get originOfCodes(): string | undefined {
    const { accessCode1, accessCode2 } = this.#options;
    if (accessCode1 !== undefined || accessCode2 !== undefined) return 'the options of this command';
    const names = ['ITKDB_ACCESS_CODE1', 'ITKDB_ACCESS_CODE2'] as const;
    const name = names.find((one) => this.#settings.get(one) !== '');
    return name && this.#settings.originOf(name);
  }

  #url(of: 'authUrl' | 'apiUrl'): string {
    const { option, setting, given } = this.#source(of);
    if (given === undefined) return parsePrefix(this.#settings.get(setting)).href;
    return parsePrefix(checkValue('itkdb', option, given, PREFIX_URL) as string).href;
  }

  #source(of: 'authUrl' | 'apiUrl') {
    const { authUrl, siteUrl } = this.#options;
    return of === 'authUrl'
      ? ({
          noun: 'identity service',
          option: '--auth-url',
          setting: 'ITKDB_AUTH_URL',
          given: authUrl,
        } as const)
      : ({ noun: 'database', option: '--site-url', setting: 'ITKDB_API_URL', given: siteUrl } as const);
  }
}
