import { resolve } from 'node:path';
import { checkOptions } from '../config/check-options.js';
import { dotenvPath } from '../config/dotenv.js';
import { createLogger, type Logger } from '../config/logger.js';
import { SettingsReader } from '../config/settings.js';
import { InvalidInvocation } from '../exceptions/base.js';
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
import { loadJose, loadZod } from './lazy-imports.js';
import { Refusals, type Verdict } from './refusals.js';
import { TokenFile, type TokenOwner } from './token-file.js';
import type { AuthenticateOptions, UserLike } from './user-like.js';
import { AUTH_EXPIRY_THRESHOLD, DEFAULT_TIMEOUT, USER_OPTIONS, type UserOptions } from './user-options.js';

/** Tokens that are verified, and their claims. */
interface Tokens extends Grant {
  readonly claims: IdTokenClaims;
}

/**
 * A user with two personal access codes, which the identity provider exchanges for a token of about two hours.
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
  readonly #renewal = new SharedTask<Tokens>((signal) => this.#renew(signal));
  #provider: IdentityProvider | undefined;
  /** Undefined before authentication, and once they were discarded because the database refused them. */
  #tokens: Tokens | undefined;
  /** The token that the database has refused and that was discarded for it. */
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
   * @throws InvalidInvocation where there are no access codes
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
  async token({ signal }: AuthenticateOptions = {}): Promise<string> {
    const tokens = this.#usable() ?? (await this.#renewed(signal));
    if (tokens.idToken !== this.#refused) return tokens.idToken;
    // The database refused the token while this caller waited.
    return (this.#usable() ?? (await this.#renewed(signal))).idToken;
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

  async #renewed(signal: AbortSignal | undefined): Promise<Tokens> {
    const tokens = await this.#renewal.join({ what: 'authentication', signal });
    await this.#saving;
    return tokens;
  }

  /**
   * Gets tokens from the file, or else from the identity provider.
   *
   * jose is loaded first, so that the access codes are not sent for a token that cannot be verified. zod needs many more
   * file descriptors; it is loaded while the requests are pending, and is there when the signature has been verified.
   */
  async #renew(signal: AbortSignal): Promise<Tokens> {
    const owner = this.#tokenOwner();
    this.#provider ??= this.#createProvider(owner);
    const provider = this.#provider;
    await loadJose();
    // If it fails, the call that needs it throws.
    void loadZod().catch(() => {});
    const saved = await this.#loadSaved(owner, provider, signal);
    if (saved !== undefined) return this.#keep(saved);
    if (this.isAuthenticated()) this.#logger.warn('User session is expired. Creating a new one.');
    this.#logger.debug(`Asking ${owner.authUrl} for a token`);
    const scope = this.#settings.get('ITKDB_ACCESS_SCOPE');
    const grant = await provider.grantToken({ ...owner, scope }, signal);
    const tokens = this.#keep(await this.#verify(grant, owner, provider, signal));
    this.#logger.debug(`Signed in as ${this.name} for ${this.expiresIn} s`);
    this.#saving = this.#saving.then(() => this.#save(owner, grant));
    return tokens;
  }

  #keep(tokens: Tokens): Tokens {
    this.#tokens = tokens;
    this.#refusals.granted();
    return tokens;
  }

  /** Reads everything that a token depends on, so that a wrong option or setting is found before anything is sent. */
  #tokenOwner(): TokenOwner {
    const { accessCode1, accessCode2 } = this;
    const missing = [
      accessCode1 === '' && 'accessCode1 (ITKDB_ACCESS_CODE1)',
      accessCode2 === '' && 'accessCode2 (ITKDB_ACCESS_CODE2)',
    ].filter(Boolean);
    if (missing.length > 0) {
      const it = missing.length > 1 ? 'them' : 'it';
      throw new InvalidInvocation(
        `there is no ${missing.join(' and no ')}: give ${it} to new User, or set ${it} in the environment or in ${dotenvPath()}`,
      );
    }
    this.#jwtOptions();
    const audience = this.#options.audience ?? this.#settings.get('ITKDB_ACCESS_AUDIENCE');
    const authUrl = parsePrefix(this.#options.prefixUrl ?? this.#settings.get('ITKDB_AUTH_URL')).href;
    return { accessCode1, accessCode2, audience, authUrl };
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

  /** Returns the tokens of the file, verified; undefined where they cannot be used, which is a warning. */
  async #loadSaved(
    owner: TokenOwner,
    provider: IdentityProvider,
    signal: AbortSignal,
  ): Promise<Tokens | undefined> {
    const content = await this.#file?.load(owner);
    if (content === undefined) return undefined;
    const unusable = `Unable to load user session from ${this.#file?.path}`;
    let problem = `Saved user session is expired in ${this.#file?.path}`;
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

  async #save(owner: TokenOwner, grant: Grant): Promise<void> {
    try {
      await this.#file?.save(owner, grant);
    } catch (error) {
      this.#logger.warn(`Unable to save user session to ${this.#file?.path}: ${(error as Error).message}`);
    }
  }
}

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
