import { randomBytes } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { DtoIn, PdbUser } from './commands/command.js';
import { CommandError } from './commands/command-error.js';

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Options of {@link IdentityProvider}. */
export interface IdentityProviderOptions {
  readonly users: readonly PdbUser[];
  readonly tokenLifetime: number;
}

/** How a token of `issueToken` differs from one of `grantToken`. */
export interface TokenOverrides {
  /** Claims to add or replace; undefined removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Members of the header to add or replace; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>> | undefined;
  /** Signs with a key that is not in the key set. */
  readonly foreignKey?: boolean | undefined;
}

// Creating a key takes about as long as starting everything else, so all databases of a process share the first.
let firstKey: Promise<SigningKey> | undefined;
let lastKeyNumber = 0;

/** The identity service: grants RS256 id tokens for access codes, and publishes the keys that they are signed with. */
export class IdentityProvider {
  /** The users that it knows. */
  readonly users: readonly PdbUser[];
  /** The lifetime of the next tokens in seconds. */
  tokenLifetime: number;
  /** The seconds by which its clock is ahead of this computer's. */
  clockOffset = 0;
  #keys: readonly SigningKey[];
  readonly #valid = new Map<string, { readonly user: PdbUser; readonly expiry: number }>();

  private constructor({ users, tokenLifetime }: IdentityProviderOptions, key: SigningKey) {
    this.users = users;
    this.tokenLifetime = tokenLifetime;
    this.#keys = [key];
  }

  static async create(options: IdentityProviderOptions): Promise<IdentityProvider> {
    firstKey ??= createKey();
    return new IdentityProvider(options, await firstKey);
  }

  /** Returns the time of its clock, in seconds since the epoch. */
  now(): number {
    return Date.now() / 1000 + this.clockOffset;
  }

  /** Returns the result of `listKeys`. */
  keySet(): { keys: JWK[] } {
    return { keys: this.#keys.map(({ publicJwk }) => publicJwk) };
  }

  /**
   * Signs with a new key from now on.
   *
   * @param options - `keepOld` publishes the old keys together with the new one
   */
  async rotateKeys({ keepOld = false }: { keepOld?: boolean } = {}): Promise<void> {
    const key = await createKey();
    this.#keys = keepOld ? [key, ...this.#keys] : [key];
  }

  /** Returns the result of `grantToken`. */
  async grantToken(input: DtoIn): Promise<Record<string, unknown>> {
    const { accessCode1, accessCode2, scope } = input;
    if (!accessCode1 || !accessCode2) {
      throw new CommandError(500, 'uu-app-server/internalServerError', 'Internal server error.');
    }
    const user = this.users.find(
      (known) => known.accessCode1 === accessCode1 && known.accessCode2 === accessCode2,
    );
    if (user === undefined) {
      // Both keys have been seen. Which one the identity service sends when is a guess.
      const isKnown = this.users.some((known) => known.accessCode1 === accessCode1);
      const key = isKnown ? 'uu-appg01/authentication/invalidCredentials' : 'uu-oidc-main/notAuthenticated';
      throw new CommandError(401, key, 'Invalid credentials.');
    }
    const audience = /https?:\/\/\S*/.exec(String(scope ?? ''))?.[0];
    return {
      access_token: randomBytes(24).toString('hex'),
      id_token: await this.issueToken(user, { claims: { aud: audience } }),
      token_type: 'Bearer',
      expires_in: this.tokenLifetime,
      scope: scope ?? '',
      uuAppErrorMap: {},
    };
  }

  /** Issues an id token for a user, valid or deliberately invalid. The API accepts it until it expires, unless its key is foreign. */
  async issueToken(user: PdbUser, { claims, header, foreignKey }: TokenOverrides = {}): Promise<string> {
    const now = Math.floor(this.now());
    const exp = now + this.tokenLifetime;
    const { privateKey, publicJwk } = foreignKey ? await createKey() : (this.#keys[0] as SigningKey);
    const token = await new SignJWT({
      iss: 'https://uuidentity.example/',
      sub: user.identity,
      uuidentity: user.identity,
      name: user.name,
      jti: randomBytes(8).toString('hex'),
      iat: now,
      exp,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: publicJwk.kid as string, ...header })
      .sign(privateKey);
    for (const [old, { expiry: end }] of this.#valid) if (end < now) this.#valid.delete(old);
    const { exp: expiry = exp } = claims ?? {};
    if (!foreignKey && typeof expiry === 'number') this.#valid.set(token, { user, expiry });
    return token;
  }

  /** Returns the user of a token that the API accepts. */
  userOf(token: string): PdbUser | undefined {
    const valid = this.#valid.get(token);
    return valid !== undefined && this.now() < valid.expiry ? valid.user : undefined;
  }

  /** Returns whether the API accepts a token. */
  accepts(token: string): boolean {
    return this.userOf(token) !== undefined;
  }

  /** Makes the API refuse every token granted so far. */
  revokeTokens(): void {
    this.#valid.clear();
  }
}

async function createKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  lastKeyNumber += 1;
  const publicJwk = {
    ...(await exportJWK(publicKey)),
    kid: `key-${lastKeyNumber}`,
    alg: 'RS256',
    use: 'sig',
  };
  return { privateKey, publicJwk };
}
