import { resolve } from 'node:path';
import { checkOptions } from '../config/check-options.js';
import { dotenvPath } from '../config/dotenv.js';
import { createLogger, type Logger } from '../config/logger.js';
import { DEFAULT_SETTINGS, type Settings, SettingsReader } from '../config/settings.js';
import { InvalidInvocation, NotSignedIn } from '../exceptions/base.js';
import { resolveRetry } from '../http/retry-policy.js';
import { SharedTask } from '../http/shared-task.js';
import { Connections } from '../http/transport/connections.js';
import { parsePrefix } from '../http/url.js';
import { messageOf } from '../util/errors.js';
import { inspectAsString } from '../util/inspect.js';
import { type IdTokenClaims, type JwtOptions, verifyIdToken } from './id-token.js';
import {
  createSend,
  type Grant,
  IdentityProvider,
  type SendToProvider,
  sendWith,
} from './identity-provider.js';
import { loadJose, loadStoredSignIns, loadZod } from './lazy-imports.js';
import { Refusals, type Verdict } from './refusals.js';
import type { AddressInUse, StoredSignIn } from './stored-sign-in.js';
import { TokenFile, type TokenOwner } from './token-file.js';
import type { AuthenticateOptions, UserLike } from './user-like.js';
import { AUTH_EXPIRY_THRESHOLD, DEFAULT_TIMEOUT, USER_OPTIONS, type UserOptions } from './user-options.js';

/** Tokens that are verified, and their claims. */
interface Tokens extends Grant {
  readonly claims: IdTokenClaims;
  /** The stored sign-in that they come from; undefined where there are access codes. */
  readonly signIn?: StoredSignIn | undefined;
}

/**
 * A user with two personal access codes, which the identity provider exchanges for a token of about two hours. Without
 * access codes, it is the user who has signed in with `npx itkdb login`.
 *
 * ```ts
 * const user = new User({ accessCode1: '…', accessCode2: '…' });
 * await user.authenticate();
 * console.log(`${user.name} is signed in for ${user.expiresIn} s`);
 * ```
 *
 * No token leaves this class before it is verified, and a grant that fails changes nothing.
 */
export class User implements UserLike {
  readonly #options: UserOptions;
  readonly #settings = new SettingsReader();
  readonly #logger: Logger;
  readonly #file: TokenFile | undefined;
  readonly #reading = new SharedTask<StoredSignIn>(() => this.#readSignIn());
  readonly #renewal = new SharedTask<Tokens>((signal) => this.#renew(signal));
  /** The stored sign-in that was read last; undefined where there are access codes. */
  #signIn: StoredSignIn | undefined;
  #provider: IdentityProvider | undefined;
  /** Undefined before authentication, and once they were discarded because the database refused them. */
  #tokens: Tokens | undefined;
  /** The token that was discarded because the database refused it. */
  #refused: string | undefined;
  readonly #refusals: Refusals = new Refusals();
  #saving: Promise<void> = Promise.resolve();

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option is wrong */
  constructor(options: UserOptions = {}) {
    this.#options = checkOptions('new User', options, USER_OPTIONS);
    const { logger, saveAuth } = this.#options;
    this.#logger = createLogger(logger);
    // Relative to the working directory of now.
    this.#file = saveAuth === undefined ? undefined : new TokenFile(absolutePath(saveAuth));
  }

  /**
   * Makes sure that there is a token with more than `authExpiryThreshold` seconds left. While there is one, nothing is
   * sent. However many callers wait, one grant is requested; if it fails, all of them get the same exception.
   *
   * @returns true
   * @throws NotSignedIn where there are no access codes, and no stored sign-in that can be used for this database
   * @throws InvalidInvocation where an option or a setting is wrong
   * @throws AuthenticationFailed where the identity provider grants no token
   * @throws InvalidIdToken where the token does not verify
   * @throws TransportException where there is no response of the identity provider
   */
  async authenticate(options: AuthenticateOptions = {}): Promise<true> {
    await this.token(options);
    return true;
  }

  /**
   * Returns the token for this call: the current one, or the one that this call waited for.
   *
   * @throws what {@link User.authenticate} throws
   */
  async token(options: AuthenticateOptions = {}): Promise<string> {
    let tokens = this.#usable() ?? (await this.#renewed(options));
    // The database refused the token while this caller waited.
    if (tokens.idToken === this.#refused) tokens = this.#usable() ?? (await this.#renewed(options));
    tokens.signIn?.check(this.#addressesInUse(options.apiUrl));
    return tokens.idToken;
  }

  /** Whether there is a verified token, even if it has expired. */
  isAuthenticated(): boolean {
    return this.#tokens !== undefined;
  }

  /** Whether the token has no more than `authExpiryThreshold` seconds left; true where there is none. */
  isExpired(): boolean {
    return !(this.expiresIn > this.authExpiryThreshold);
  }

  /** First personal access code, without white space around it; `''` where there is none. */
  get accessCode1(): string {
    return this.#options.accessCode1?.trim() ?? this.#settings.get('ITKDB_ACCESS_CODE1');
  }

  /** Second personal access code, without white space around it; `''` where there is none. */
  get accessCode2(): string {
    return this.#options.accessCode2?.trim() ?? this.#settings.get('ITKDB_ACCESS_CODE2');
  }

  /** The opaque access token; undefined before authentication. */
  get accessToken(): string | undefined {
    return this.#tokens?.accessToken;
  }

  /** The verified claims of the id token; `{}` before authentication. */
  get idToken(): Readonly<Partial<IdTokenClaims>> {
    return this.#tokens?.claims ?? {};
  }

  /** Full name as text; `''` before authentication, and where the token has none. */
  get name(): string {
    return asText(this.idToken.name);
  }

  /** The identity as text, such as `1234-567-1`; `''` before authentication, and where the token has none. */
  get identity(): string {
    return asText(this.idToken.uuidentity);
  }

  /** Expiry of the token, in seconds since the epoch; 0 before authentication. */
  get expiresAt(): number {
    return this.idToken.exp ?? 0;
  }

  /** Whole seconds until the token expires, never negative; 0 before authentication. */
  get expiresIn(): number {
    return Math.max(0, Math.trunc(this.expiresAt - Date.now() / 1000));
  }

  /** What the database is sent: the id token as granted, not the access token; `''` before authentication. */
  get bearer(): string {
    return this.#tokens?.idToken ?? '';
  }

  /** A token is refreshed when it has no more than this left, in seconds. */
  get authExpiryThreshold(): number {
    return this.#options.authExpiryThreshold ?? AUTH_EXPIRY_THRESHOLD;
  }

  /**
   * Discards a token that the database refused, unless it has been replaced since. It also stays where another one would
   * not help: other requests succeed with it, or new tokens are refused as well. The log says so.
   */
  invalidate(bearer: string): void {
    if (this.bearer !== bearer) return;
    const verdict = this.#refusals.refused();
    if (verdict === 'replace') {
      this.#refused = bearer;
      this.#tokens = undefined;
    } else this.#logKept(verdict);
  }

  /** Records that a request succeeded with a token: the database accepts the tokens of this user. */
  accepted(bearer: string): void {
    if (this.bearer === bearer) this.#refusals.succeeded();
  }

  /** Aborts a sign-in that is pending. The token, if there is one, can still be used. */
  close(): void {
    this.#renewal.abort(new Error('the user was closed'));
  }

  /** What a template string shows. */
  toString(): string {
    return `User(name=${this.name}, expiresIn=${this.expiresIn}s)`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { name: string; expiresIn: number } {
    return { name: this.name, expiresIn: this.expiresIn };
  }

  #logKept(verdict: Exclude<Verdict, 'replace'>): void {
    const { pause } = this.#refusals;
    if (verdict === 'pause') {
      this.#logger.warn(
        `The database refuses new tokens too. No other one is requested for ${pause / 1000} s; requests are sent with the last one.`,
      );
    } else if (verdict === 'keep') {
      this.#logger.warn(
        'The database refused a token that it accepts for other requests. The token is kept.',
      );
    }
  }

  #usable(): Tokens | undefined {
    return this.isExpired() ? undefined : this.#tokens;
  }

  async #renewed({ signal, apiUrl }: AuthenticateOptions): Promise<Tokens> {
    const waiting = { what: 'authentication', signal };
    if (!this.#hasCodes()) {
      const signIn = await this.#reading.join(waiting);
      // Only a sign-in that passed the check is kept: another caller may begin the renewal.
      signIn.check(this.#addressesInUse(apiUrl), this.#signIn);
      this.#signIn = signIn;
    }
    const tokens = await this.#renewal.join(waiting);
    await this.#saving;
    return tokens;
  }

  /** Whether access codes are used, and not the stored sign-in. An empty option is a mistake: it does not mean the stored sign-in. */
  #hasCodes(): boolean {
    const { accessCode1, accessCode2 } = this.#options;
    return (accessCode1 ?? accessCode2) !== undefined || this.accessCode1 + this.accessCode2 !== '';
  }

  async #readSignIn(): Promise<StoredSignIn> {
    const { readSignIn } = await loadStoredSignIns();
    const signIn = await readSignIn();
    if (signIn !== undefined) return signIn;
    throw new NotSignedIn(
      'you are not signed in: there are no access codes, and there is no stored sign-in\n' +
        `Run \`npx itkdb login\`. Or give accessCode1 and accessCode2 to new User, or set ITKDB_ACCESS_CODE1 and ITKDB_ACCESS_CODE2 in the environment or in ${dotenvPath()}.`,
    );
  }

  /**
   * The addresses that a stored sign-in must be for.
   *
   * @param apiUrl - the database that the token is for
   */
  #addressesInUse(apiUrl: string | undefined): AddressInUse[] {
    const { authUrl, audience } = this.#identityService();
    const databases = [apiUrl, this.#options.apiUrl].filter((url) => url !== undefined);
    if (databases.length === 0) databases.push(this.#settings.get('ITKDB_API_URL'));
    const addresses: Omit<AddressInUse, 'origin'>[] = [
      { of: 'authUrl', value: authUrl },
      { of: 'audience', value: audience },
      ...databases.map((url) => ({ of: 'apiUrl' as const, value: parsePrefix(url).href })),
    ];
    return addresses.map((address) => ({ ...address, origin: () => this.#originOf(address) }));
  }

  #originOf({ of, value }: Omit<AddressInUse, 'origin'>): string | undefined {
    const setting = SETTING_OF_ADDRESS[of];
    if (value === DEFAULT_SETTINGS[setting]) return undefined;
    const ofSetting = this.#settings.get(setting);
    const isSame = value === (of === 'audience' ? ofSetting : parsePrefix(ofSetting).href);
    return isSame ? this.#settings.originOf(setting) : `the option ${OPTION_OF_ADDRESS[of]}`;
  }

  /**
   * Gets tokens from a file, or else from the identity provider.
   *
   * jose is loaded first, so that the access codes are not sent for a token that cannot be verified. zod needs many more
   * file descriptors; it is loaded while the requests are pending, and is there when the signature has been verified.
   */
  async #renew(signal: AbortSignal): Promise<Tokens> {
    const signIn = this.#signIn;
    const owner = this.#tokenOwner(signIn);
    this.#provider ??= this.#createProvider(owner);
    const provider = this.#provider;
    await loadJose();
    // If it fails, the call that needs it throws.
    void loadZod().catch(() => {});
    const saved = await this.#loadSaved(owner, provider, signal, signIn);
    if (saved !== undefined) return this.#keep({ ...saved, signIn });
    if (this.isAuthenticated()) this.#logger.warn('User session is expired. Creating a new one.');
    this.#logger.debug(`Asking ${owner.authUrl} for a token`);
    const scope = this.#settings.get('ITKDB_ACCESS_SCOPE');
    const grant = await provider.grantToken({ ...owner, scope }, signal);
    const tokens = this.#keep({ ...(await this.#verify(grant, owner, provider, signal)), signIn });
    this.#logger.debug(`Signed in as ${this.name} for ${this.expiresIn} s`);
    this.#saving = this.#saving.then(() => this.#save(owner, grant, signIn));
    return tokens;
  }

  #keep(tokens: Tokens): Tokens {
    this.#tokens = tokens;
    this.#refusals.granted();
    return tokens;
  }

  /** Reads everything that a token depends on, so that a wrong option or setting is found before anything is sent. */
  #tokenOwner(signIn: StoredSignIn | undefined): TokenOwner {
    const { accessCode1, accessCode2 } = signIn?.codes() ?? this;
    const isGiven = accessCode1 !== '' && accessCode2 !== '';
    if (signIn === undefined && !isGiven) throw new InvalidInvocation(this.#missingCodes());
    this.#jwtOptions();
    return { accessCode1, accessCode2, ...this.#identityService() };
  }

  #identityService(): Pick<TokenOwner, 'audience' | 'authUrl'> {
    const { audience = this.#settings.get('ITKDB_ACCESS_AUDIENCE'), prefixUrl } = this.#options;
    return { audience, authUrl: parsePrefix(prefixUrl ?? this.#settings.get('ITKDB_AUTH_URL')).href };
  }

  #missingCodes(): string {
    const missing = [
      this.accessCode1 === '' && 'accessCode1 (ITKDB_ACCESS_CODE1)',
      this.accessCode2 === '' && 'accessCode2 (ITKDB_ACCESS_CODE2)',
    ].filter(Boolean);
    const it = missing.length > 1 ? 'them' : 'it';
    return `there is no ${missing.join(' and no ')}: give ${it} to new User, or set ${it} in the environment or in ${dotenvPath()}`;
  }

  #jwtOptions(): JwtOptions {
    return { clockTolerance: this.#settings.get('ITKDB_LEEWAY'), ...this.#options.jwtOptions };
  }

  #createProvider({ authUrl }: TokenOwner): IdentityProvider {
    const { httpClient, timeout = DEFAULT_TIMEOUT } = this.#options;
    const send = httpClient === undefined ? this.#createSend(timeout) : sendWith(httpClient, timeout);
    return new IdentityProvider(new URL(authUrl), send);
  }

  /** Connections are closed after each response: a token is requested every two hours. */
  #createSend(timeout: number): SendToProvider {
    const { proxy, ca, httpsAgent, retry, onRetry, quiet = false } = this.#options;
    return createSend({
      connections: new Connections({ proxy, ca, httpsAgent, keepAlive: false }),
      timeout,
      // A second grant does no harm.
      policy: resolveRetry({ idempotent: true }, retry),
      onRetry,
      quiet,
      logger: this.#logger,
    });
  }

  /** Verifies a grant, with newer keys if the known ones do not fit. */
  async #verify(
    grant: Grant,
    { audience }: TokenOwner,
    provider: IdentityProvider,
    signal: AbortSignal,
  ): Promise<Tokens> {
    const { accessToken, idToken } = grant;
    const expectations = { audience, accessToken, jwtOptions: this.#jwtOptions() };
    const mayBeOutdated = provider.hasKeys;
    const claims = await verifyIdToken(idToken, await provider.keys(signal), expectations).catch(
      async (error) => {
        if (!mayBeOutdated || error.check !== 'signature') throw error;
        return verifyIdToken(idToken, await provider.keys(signal, { fresh: true }), expectations);
      },
    );
    return { ...grant, claims: Object.freeze(claims) };
  }

  /**
   * Returns the tokens of the file, or of the stored sign-in, verified; undefined where they cannot be used, which is a
   * warning.
   *
   * @throws NotSignedIn where they cannot be used, and there are no access codes for other ones
   */
  async #loadSaved(
    owner: TokenOwner,
    provider: IdentityProvider,
    signal: AbortSignal,
    signIn: StoredSignIn | undefined,
  ): Promise<Tokens | undefined> {
    if (signIn !== undefined && signIn.codes() === undefined)
      return this.#loadWithoutCodes(signIn, owner, provider, signal);
    const content = signIn === undefined ? await this.#file?.load(owner) : signIn.tokens();
    if (content === undefined) return undefined;
    const path = signIn?.path ?? this.#file?.path;
    const unusable = `Unable to load user session from ${path}`;
    let problem = `Saved user session is expired in ${path}`;
    if ('problem' in content) problem = `${unusable}: ${content.problem}`;
    else if (content.idToken === this.bearer || content.idToken === this.#refused) return undefined;
    else {
      try {
        const tokens = await this.#verify(content, owner, provider, signal);
        const secondsLeft = tokens.claims.exp - Date.now() / 1000;
        if (Math.trunc(secondsLeft) > this.authExpiryThreshold) return tokens;
      } catch (error) {
        if (signal.aborted) throw error;
        if ((error as { check?: string }).check !== 'expiry')
          problem = `${unusable}: ${(error as Error).message}`;
      }
    }
    this.#logger.warn(`${problem}. Creating a new one.`);
    return undefined;
  }

  /** Without access codes, a refused token stays: another one can only come from another `login`. */
  async #loadWithoutCodes(
    signIn: StoredSignIn,
    owner: TokenOwner,
    provider: IdentityProvider,
    signal: AbortSignal,
  ): Promise<Tokens> {
    const secondsLeft = signIn.expiresAt - Date.now() / 1000;
    if (!(Math.trunc(secondsLeft) > this.authExpiryThreshold)) throw signIn.expired();
    return this.#verify(signIn.tokens(), owner, provider, signal);
  }

  async #save(owner: TokenOwner, grant: Grant, signIn: StoredSignIn | undefined): Promise<void> {
    const path = signIn?.path ?? this.#file?.path;
    try {
      await (signIn === undefined ? this.#file?.save(owner, grant) : signIn.saveRenewed(grant));
    } catch (error) {
      this.#logger.warn(`Unable to save user session to ${path}: ${(error as Error).message}`);
    }
  }
}

const SETTING_OF_ADDRESS = {
  authUrl: 'ITKDB_AUTH_URL',
  apiUrl: 'ITKDB_API_URL',
  audience: 'ITKDB_ACCESS_AUDIENCE',
} as const satisfies Record<AddressInUse['of'], keyof Settings>;

const OPTION_OF_ADDRESS: Readonly<Record<AddressInUse['of'], string>> = {
  authUrl: '`prefixUrl` of the user',
  apiUrl: '`prefixUrl` of the session, or `apiUrl` of the user',
  audience: '`audience` of the user',
};

/** A claim that only describes the user, as text. A token is not refused for what it has there: `''` where it is not text or a number. */
function asText(claim: unknown): string {
  return typeof claim === 'string' || typeof claim === 'number' ? String(claim) : '';
}

/** @throws InvalidInvocation where the path is relative to a working directory that was removed */
function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw new InvalidInvocation(
      `new User: \`saveAuth\` must be an absolute path, because there is no working directory any more (${messageOf(error)})`,
    );
  }
}
