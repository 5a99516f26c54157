import { resolve } from 'node:path';
import { InvalidInvocation } from '../exceptions/base.js';
import { Flights } from '../http/flights.js';
import { resolveRetry } from '../http/retry-policy.js';
import { inspectAsString } from '../inspect.js';
import { createLogger, type Logger } from '../logger.js';
import { SettingsReader } from '../settings.js';
import { parsePrefix } from '../url.js';
import { copyOptions } from '../validation.js';
import { type IdTokenClaims, type JwtOptions, verifyIdToken } from './id-token.js';
import { createClient, type Grant, IdentityService } from './identity-service.js';
import { TokenFile, type TokenOwner } from './token-file.js';
import type { AuthenticateOptions, UserLike } from './user-like.js';
import {
  AUTH_EXPIRY_THRESHOLD,
  checkUserOptions,
  DEFAULT_TIMEOUT,
  type UserOptions,
} from './user-options.js';

interface Tokens extends Grant {
  readonly claims: IdTokenClaims;
}

/**
 * Somebody with two personal access codes, which the identity service trades for a token of about two hours.
 *
 * ```ts
 * const user = new User({ accessCode1: '…', accessCode2: '…' });
 * await user.authenticate();
 * console.log(`${user.name} is signed in for ${user.expiresIn} s`);
 * ```
 *
 * No token reaches the outside of this class before it is verified, and a grant that fails changes nothing.
 */
export class User implements UserLike {
  readonly #options: UserOptions;
  readonly #settings = new SettingsReader();
  readonly #logger: Logger;
  readonly #file: TokenFile | undefined;
  readonly #renewals = new Flights<void>();
  #saving: Promise<void> = Promise.resolve();
  #service: IdentityService | undefined;
  #tokens: Tokens | undefined;
  #refused: string | undefined;

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option is wrong */
  constructor(options: UserOptions = {}) {
    this.#options = copyOptions('new User', options);
    checkUserOptions(this.#options);
    const { logger, saveAuth } = this.#options;
    this.#logger = createLogger(logger);
    this.#file = saveAuth === undefined ? undefined : new TokenFile(saveAuth);
  }

  /**
   * Makes sure that there is a token with more than `authExpiryThreshold` seconds left: nothing is sent while there is
   * one. However many callers wait, one token is asked for; if that fails, all of them fail with the same exception.
   *
   * @returns true
   * @throws InvalidInvocation where there are no access codes
   * @throws AuthenticationFailed where the identity service grants no token
   * @throws InvalidIdToken where the token does not verify
   * @throws TransportException where the identity service does not answer
   */
  async authenticate(options: AuthenticateOptions = {}): Promise<true> {
    if (this.isAuthenticated() && !this.isExpired()) return true;
    await this.#renewed(options);
    // The database may have refused the token while this caller waited.
    if (!this.isAuthenticated()) await this.#renewed(options);
    return true;
  }

  /** Whether there is a verified token, be it expired. */
  isAuthenticated(): boolean {
    return this.#tokens !== undefined;
  }

  /** Whether the token has no more than `authExpiryThreshold` seconds left; true where there is none. */
  isExpired(): boolean {
    return !(this.expiresIn > this.authExpiryThreshold);
  }

  /** First personal access code; `''` where there is none. */
  get accessCode1(): string {
    return this.#options.accessCode1 ?? this.#settings.get('ITKDB_ACCESS_CODE1');
  }

  /** Second personal access code; `''` where there is none. */
  get accessCode2(): string {
    return this.#options.accessCode2 ?? this.#settings.get('ITKDB_ACCESS_CODE2');
  }

  /** The opaque access token; undefined before authentication. */
  get accessToken(): string | undefined {
    return this.#tokens?.accessToken;
  }

  /** The verified claims of the id token; `{}` before authentication. */
  get idToken(): Readonly<Partial<IdTokenClaims>> {
    return this.#tokens?.claims ?? {};
  }

  /** Full name; `''` before authentication. */
  get name(): string {
    return this.idToken.name ?? '';
  }

  /** The identity, such as `1234-567-1`; `''` before authentication. */
  get identity(): string {
    return this.idToken.uuidentity ?? '';
  }

  /** When the token expires, in seconds since the epoch; 0 before authentication. */
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

  /** A token is renewed when it has no more than this left, in seconds. */
  get authExpiryThreshold(): number {
    return this.#options.authExpiryThreshold ?? AUTH_EXPIRY_THRESHOLD;
  }

  /** Forgets a token that the database refused, unless it has been replaced since. */
  invalidate(bearer: string): void {
    this.#refused = bearer;
    if (this.bearer === bearer) this.#tokens = undefined;
  }

  /** Gives up a grant that is under way. The token, if there is one, can still be used. */
  close(): void {
    this.#renewals.end(new Error('the user was closed'));
  }

  /** What a template string shows. */
  toString(): string {
    return `User(name=${this.name}, expiresIn=${this.expiresIn}s)`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { name: string; expiresIn: number } {
    return { name: this.name, expiresIn: this.expiresIn };
  }

  /** However many callers wait, there is one renewal; it is given up when all of them have given up. */
  async #renewed({ signal }: AuthenticateOptions): Promise<void> {
    await this.#renewals.join('', { what: 'authentication', signal }, (shared) => this.#renew(shared.signal));
    await this.#saving;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const owner = this.#owner();
    const saved = await this.#load(owner, signal);
    if (saved !== undefined) {
      this.#tokens = saved;
      return;
    }
    if (this.isAuthenticated()) this.#logger.warn('User session is expired. Creating a new one.');
    this.#logger.debug(`Asking ${owner.authUrl} for a token`);
    const scope = this.#settings.get('ITKDB_ACCESS_SCOPE');
    const grant = await this.#identityService().grantToken({ ...owner, scope }, signal);
    this.#tokens = await this.#verified(grant, owner, signal);
    this.#logger.debug(`Signed in as ${this.name} for ${this.expiresIn} s`);
    this.#saving = this.#saving.then(() => this.#save(owner, grant));
  }

  /** Everything that a token depends on. */
  #owner(): TokenOwner {
    const { accessCode1, accessCode2 } = this;
    const missing = [
      accessCode1 === '' && 'accessCode1 (ITKDB_ACCESS_CODE1)',
      accessCode2 === '' && 'accessCode2 (ITKDB_ACCESS_CODE2)',
    ].filter(Boolean);
    if (missing.length > 0) {
      const it = missing.length > 1 ? 'them' : 'it';
      throw new InvalidInvocation(
        `there is no ${missing.join(' and no ')}: give ${it} to new User, or set ${it} in the environment or in ${resolve('.env')}`,
      );
    }
    // Whatever is wrong with a setting is said before the access codes go anywhere.
    this.#jwtOptions();
    const audience = this.#options.audience ?? this.#settings.get('ITKDB_ACCESS_AUDIENCE');
    return { accessCode1, accessCode2, audience, authUrl: this.#authUrl().href };
  }

  #authUrl(): URL {
    return parsePrefix(this.#options.prefixUrl ?? this.#settings.get('ITKDB_AUTH_URL'));
  }

  #identityService(): IdentityService {
    const { httpClient, timeout = DEFAULT_TIMEOUT, retry, onRetry } = this.#options;
    this.#service ??= new IdentityService(this.#authUrl(), {
      client:
        httpClient ??
        createClient({ policy: resolveRetry({ idempotent: true }, retry), onRetry, logger: this.#logger }),
      timeout,
    });
    return this.#service;
  }

  /** Verifies a grant, with newer keys if the known ones do not fit. */
  async #verified(grant: Grant, { audience }: TokenOwner, signal: AbortSignal): Promise<Tokens> {
    const service = this.#identityService();
    const { accessToken, idToken } = grant;
    const expectations = { audience, accessToken, jwtOptions: this.#jwtOptions() };
    const mayBeOutdated = service.hasKeys;
    const claims = await verifyIdToken(idToken, await service.keys(signal), expectations).catch(
      async (error) => {
        if (!mayBeOutdated || error.check !== 'signature') throw error;
        return verifyIdToken(idToken, await service.keys(signal, { fresh: true }), expectations);
      },
    );
    return { ...grant, claims: Object.freeze(claims) };
  }

  #jwtOptions(): JwtOptions {
    return { clockTolerance: this.#settings.get('ITKDB_LEEWAY'), ...this.#options.jwtOptions };
  }

  /** The tokens of the file, verified; undefined, with a warning, where they cannot be used. */
  async #load(owner: TokenOwner, signal: AbortSignal): Promise<Tokens | undefined> {
    const content = await this.#file?.load(owner);
    if (content === undefined) return undefined;
    const unusable = `Unable to load user session from ${this.#file?.path}`;
    let problem = `Saved user session is expired in ${this.#file?.path}`;
    if ('problem' in content) problem = `${unusable}: ${content.problem}`;
    else if (content.idToken === this.bearer || content.idToken === this.#refused) return undefined;
    else {
      try {
        const tokens = await this.#verified(content, owner, signal);
        const secondsLeft = tokens.claims.exp - Date.now() / 1000;
        if (Math.trunc(secondsLeft) > this.authExpiryThreshold) return tokens;
      } catch (error) {
        signal.throwIfAborted();
        if ((error as { check?: string }).check !== 'expiry')
          problem = `${unusable}: ${(error as Error).message}`;
      }
    }
    this.#logger.warn(`${problem}. Creating a new one.`);
    return undefined;
  }

  async #save(owner: TokenOwner, grant: Grant): Promise<void> {
    try {
      await this.#file?.save(owner, grant);
    } catch (error) {
      this.#logger.warn(`Unable to save user session to ${this.#file?.path}: ${(error as Error).message}`);
    }
  }
}
