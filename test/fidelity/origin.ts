import { createHmac, generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The servers that a vector can talk to: the database, the identity service, and one that is neither. */
export type HostName = 'api' | 'other' | 'auth';
const HOST_NAMES: readonly HostName[] = ['api', 'other', 'auth'];

/** What a server answers. The first entry that matches and has `times` left counts, else the last that matches. */
export interface PlannedResponse {
  readonly path?: string;
  readonly method?: string;
  /** @defaultValue 1 */
  readonly times?: number;
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly json?: unknown;
  readonly body?: string;
  readonly base64?: string;
  /** What goes over the socket in place of a response. */
  readonly raw?: string;
  readonly drop?: 'before-headers' | 'after-headers';
  readonly chunked?: boolean;
  readonly noDate?: boolean;
  /** Answers with tokens; `extra` and `without` change the members of the response. */
  readonly token?: TokenSpec;
  readonly extra?: object;
  readonly without?: readonly string[];
  /** Answers with a key set. */
  readonly keys?: readonly ({ readonly of?: KeyName } & Record<string, unknown>)[];
  /** Waits for the start of a second, where the vector is about the end of one. */
  readonly align?: boolean;
}

export type Plan = Partial<Record<HostName, readonly PlannedResponse[]>>;

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly origin: HostName;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

type KeyName = 'main' | 'second' | 'foreign';

interface TokenSpec {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: KeyName;
  readonly mangle?: 'signature' | 'payload' | 'two-parts' | 'no-json';
}

/** Three servers on loopback that answer as planned and keep what they receive. */
export class FidelityOrigin {
  readonly #keys: Record<KeyName, KeyPairKeyObjectResult> = {
    main: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    second: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    foreign: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  readonly #servers: Server[] = [];
  /** Name → host with port. */
  readonly hosts: Record<HostName, string> = { api: '', other: '', auth: '' };
  #plan: Partial<Record<HostName, (PlannedResponse & { left: number })[]>> = {};
  #received: ReceivedRequest[] = [];

  static async start(): Promise<FidelityOrigin> {
    const origin = new FidelityOrigin();
    for (const name of HOST_NAMES) await origin.#listen(name);
    return origin;
  }

  /** Forgets what was received, and answers by another plan. */
  plan(plan: Plan = {}): void {
    this.#received = [];
    this.#plan = {};
    for (const name of HOST_NAMES) {
      const planned = plan[name]?.map((entry) => ({ ...entry, left: entry.times ?? 1 }));
      if (planned !== undefined) this.#plan[name] = planned;
    }
  }

  /** The requests since the last call. */
  takeReceived(): ReceivedRequest[] {
    const received = this.#received;
    this.#received = [];
    return received;
  }

  /** `{api}`, `{other}` and `{auth}` in a text stand for the hosts. */
  fill(text: string): string {
    return text.replace(/\{(api|other|auth)\}/g, (_, name: HostName) => this.hosts[name]);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #listen(name: HostName): Promise<void> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#serve(name, request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.hosts[name] = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#servers.push(server);
  }

  async #serve(origin: HostName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', rawHeaders } = request;
    const body = Buffer.concat(await request.toArray());
    const headers = rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
    );
    this.#received.push({ origin, method, path, headers, body });
    const planned = this.#next(origin, method, path);
    while (planned.align && Date.now() % 1000 > 250) await sleep(20);
    if (planned.drop === 'before-headers') request.socket.destroy();
    else if (planned.raw !== undefined) request.socket.end(this.#fillAll(planned.raw));
    else this.#respond(request, response, this.#withTokens(planned));
  }

  #next(origin: HostName, method: string, url: string): PlannedResponse {
    const path = url.split('?')[0] ?? '';
    const matching = (this.#plan[origin] ?? []).filter(
      (entry) =>
        (entry.path === undefined || path === entry.path || path.endsWith(`/${entry.path}`)) &&
        (entry.method === undefined || entry.method === method),
    );
    const entry = matching.find(({ left }) => left > 0) ?? matching.at(-1);
    if (entry === undefined) return unplanned(origin, path);
    entry.left -= 1;
    return entry;
  }

  #respond(request: IncomingMessage, response: ServerResponse, planned: PlannedResponse): void {
    const { status = 200, json, chunked, noDate, drop } = planned;
    const hasNoBody = status === 204 || status === 304;
    const bytes = this.#bodyOf(planned);
    const fields = (planned.headers ?? []).map(([name, value]) => [name, this.#fillAll(value)] as const);
    const has = (name: string): boolean => fields.some(([other]) => other.toLowerCase() === name);
    if (json !== undefined && !has('content-type')) fields.push(['Content-Type', 'application/json']);
    if (!noDate && !has('date')) fields.push(['Date', new Date().toUTCString()]);
    if (!chunked && !has('content-length') && !hasNoBody)
      fields.push(['Content-Length', String(bytes.length)]);
    response.sendDate = false;
    const raw = fields.flat().map((text) => Buffer.from(text, 'utf8').toString('latin1'));
    if (planned.reason === undefined) response.writeHead(status, raw);
    else response.writeHead(status, planned.reason, raw);
    if (drop === 'after-headers') {
      response.flushHeaders();
      setTimeout(() => request.socket.destroy(), 30);
    } else response.end(request.method === 'HEAD' || hasNoBody ? undefined : bytes);
  }

  #bodyOf({ json, base64, body = '' }: PlannedResponse): Buffer {
    if (json !== undefined) return Buffer.from(this.#fillAll(JSON.stringify(json)));
    return base64 === undefined ? Buffer.from(this.#fillAll(body)) : Buffer.from(base64, 'base64');
  }

  /** `{date:-100}` stands for the time 100 s ago, as an HTTP date. */
  #fillAll(text: string): string {
    return this.fill(text).replace(/\{date:([+-]?\d+)\}/g, (_, seconds) =>
      new Date(Date.now() + Number(seconds) * 1000).toUTCString(),
    );
  }

  #withTokens(planned: PlannedResponse): PlannedResponse {
    const { token, keys, extra, without = [] } = planned;
    if (keys !== undefined) return { ...planned, json: { keys: keys.map((key) => this.#keyOfSet(key)) } };
    if (token === undefined) return planned;
    const json: Record<string, unknown> = {
      access_token: randomBytes(12).toString('hex'),
      id_token: this.#sign(token),
      token_type: 'Bearer',
      expires_in: 7200,
      uuAppErrorMap: {},
      ...extra,
    };
    for (const name of without) delete json[name];
    return { ...planned, json };
  }

  #keyOfSet({ of, ...more }: { readonly of?: KeyName } & Record<string, unknown>): object {
    if (of === undefined) return more;
    const jwk = this.#keys[of].publicKey.export({ format: 'jwk' });
    return withoutAbsent({ ...jwk, kid: of, alg: 'RS256', use: 'sig', ...more });
  }

  #sign({ claims = {}, header = {}, key = 'main', mangle }: TokenSpec): string {
    const payload = resolveClaims(claims);
    const head = withoutAbsent({
      alg: 'RS256',
      typ: 'JWT',
      kid: key === 'second' ? 'second' : 'main',
      ...header,
    });
    const input = `${base64url(head)}.${base64url(payload)}`;
    const signature = this.#signatureOf(input, String(head['alg']), key);
    const other = signature[20] === 'A' ? 'B' : 'A';
    if (mangle === 'signature') return `${input}.${signature.slice(0, 20)}${other}${signature.slice(21)}`;
    if (mangle === 'payload')
      return `${base64url(head)}.${base64url({ ...payload, name: 'Mallory' })}.${signature}`;
    if (mangle === 'two-parts') return input;
    if (mangle === 'no-json')
      return `${base64url(head)}.${Buffer.from('no json').toString('base64url')}.${signature}`;
    return `${input}.${signature}`;
  }

  #signatureOf(input: string, algorithm: string, key: KeyName): string {
    if (algorithm === 'none') return '';
    const { publicKey, privateKey } = this.#keys[key];
    // The confusion of algorithms: a public key as the secret of an HMAC.
    if (algorithm.startsWith('HS')) {
      const secret = publicKey.export({ type: 'spki', format: 'pem' });
      return createHmac('sha256', secret).update(input).digest('base64url');
    }
    const digest = { RS384: 'sha384', RS512: 'sha512' }[algorithm] ?? 'sha256';
    return sign(digest, Buffer.from(input), privateKey).toString('base64url');
  }
}

function unplanned(origin: HostName, path: string): PlannedResponse {
  if (origin !== 'auth') return { json: { ok: true } };
  if (path.endsWith('/grantToken')) return { token: {} };
  if (path.endsWith('/listKeys')) return { keys: [{ of: 'main' }] };
  return { status: 404, json: { uuAppErrorMap: {} } };
}

/** `now+5` stands for a time in seconds, `text:now+5` for the same as text. */
function resolveClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all = {
    iss: 'https://uuidentity.example/',
    sub: '1234-567-1',
    uuidentity: '1234-567-1',
    name: 'Alex Example',
    aud: 'https://itkpd.unicornuniversity.net',
    iat: 'now+0',
    exp: 'now+7200',
    jti: randomBytes(6).toString('hex'),
    ...claims,
  };
  const now = Math.floor(Date.now() / 1000);
  const resolve = (value: unknown): unknown => {
    const [, text, offset] =
      (typeof value === 'string' && /^(text:)?now([+-]\d+(?:\.\d+)?)$/.exec(value)) || [];
    if (offset === undefined) return value;
    return text === undefined ? now + Number(offset) : String(now + Number(offset));
  };
  return withoutAbsent(
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, resolve(value)])),
  );
}

function withoutAbsent(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== '$absent'));
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
