import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { rememberFor } from '../util/memoize.js';
import type { Store } from './data/store.js';
import { fileResponse, type OutgoingResponse, pathOf, type RecordedRequest, urlOf } from './messages.js';

/** What a token of EOS is for. A token is for one file, too. */
type EosAction = 'read' | 'write' | 'delete';

/** Where EOS sends the contents of a file to: it redirects each PUT to such a path. */
const STORAGE = '/storage';
const TOKEN_LIFETIME_SECONDS = 600;

const etagOf = rememberFor((file: Buffer) => `"${createHash('sha1').update(file).digest('hex')}"`);

/** The file store beside the API, whose files need tokens that the API issues. */
export class Eos {
  /** The origin of its server, such as `http://127.0.0.1:40000`. */
  origin = '';
  readonly #store: Store;
  readonly #now: () => number;
  readonly #key = randomBytes(32);

  /** @param now - the time in seconds since the epoch */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Returns the URL of the file of an attachment. */
  urlOf(code: string): string {
    return `${this.origin}/eos/atlas/test/itkpd/${[...code.slice(0, 3)].join('/')}/${code}`;
  }

  /** Issues a token for a file, which is valid for ten minutes. */
  issueToken(url: string, action: EosAction): string {
    return this.#sign(pathOf(url), action, this.#now() + TOKEN_LIFETIME_SECONDS);
  }

  /** Whether a request has a body that is kept. That of a PUT which is redirected is sent again. */
  keepsBody({ url = '' }: IncomingMessage): boolean {
    return pathOf(url).startsWith(`${STORAGE}/`);
  }

  /** Responds to a request. */
  async handle(request: RecordedRequest): Promise<OutgoingResponse> {
    const { method } = request;
    const action = ACTIONS[method];
    if (action === undefined) return refuse(405, `The method ${method} is not supported.`);
    const path = pathOf(request.url);
    const isStorage = path.startsWith(`${STORAGE}/`);
    const file = isStorage ? path.slice(STORAGE.length) : path;
    const token = tokenOf(request);
    if (token === undefined) return refuse(401, 'There is no token.');
    if (!this.#allows(token, file, action)) return refuse(403, 'The token does not allow this.');
    if (action === 'write') {
      // The new URL alone is enough: a client drops its credentials when it is redirected to another host.
      const query = `authz=${this.issueToken(file, 'write')}`;
      return isStorage ? this.#write(file, request.rawBody) : redirectTo(`${STORAGE}${path}?${query}`);
    }
    const bytes = this.#store.binary(file)?.bytes;
    if (bytes === undefined) return refuse(404, 'There is no such file.');
    if (action === 'read')
      return fileResponse(request, 'application/octet-stream', bytes, { ETag: etagOf(bytes) });
    this.#store.setBinary(file, undefined);
    return { status: 204, body: '' };
  }

  #write(file: string, bytes: Buffer): OutgoingResponse {
    this.#store.setBinary(file, { bytes, contentType: 'application/octet-stream', filename: '' });
    return { status: 201, type: 'text/plain', body: '' };
  }

  #sign(path: string, action: EosAction, expiry: number): string {
    const payload = Buffer.from(JSON.stringify([path, action, expiry])).toString('base64url');
    return `zteos64:${payload}.${createHmac('sha256', this.#key).update(payload).digest('base64url')}`;
  }

  #allows(token: string, path: string, action: EosAction): boolean {
    const expiry = expiryOf(token);
    const expected = Buffer.from(this.#sign(path, action, expiry));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected) && this.#now() < expiry;
  }
}

const ACTIONS: Readonly<Record<string, EosAction>> = {
  GET: 'read',
  HEAD: 'read',
  PUT: 'write',
  DELETE: 'delete',
};

/** Returns the token of a request: a bearer token, or `authz` of the query. */
function tokenOf({ url, headers }: RecordedRequest): string | undefined {
  const [, bearer] = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '') ?? [];
  return urlOf(url).searchParams.get('authz') ?? bearer;
}

function expiryOf(token: string): number {
  try {
    const [, payload = ''] = /^zteos64:([\w-]+)\./.exec(token) ?? [];
    return Number(JSON.parse(Buffer.from(payload, 'base64url').toString())[2]);
  } catch {
    return 0;
  }
}

function redirectTo(location: string): OutgoingResponse {
  return { status: 307, type: 'text/plain', headers: { Location: location }, body: '' };
}

function refuse(status: number, reason: string): OutgoingResponse {
  return { status, type: 'text/plain', body: `${reason}\n` };
}
