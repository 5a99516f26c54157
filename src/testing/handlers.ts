import { gzipSync } from 'node:zlib';
import { DEFAULT_SETTINGS } from '../config/settings.js';
import type { Answers } from './answers.js';
import { type CommandRequest, FileResult } from './commands/command.js';
import { CommandError, commandNotFound, refusal } from './commands/command-error.js';
import { runCommand } from './commands/run-command.js';
import { personOf } from './commands/users.js';
import type { Store } from './data/store.js';
import type { Eos } from './eos.js';
import type { IdentityProvider } from './identity-provider.js';
import type { Latency } from './latency.js';
import {
  fileResponse,
  hasUnusableBody,
  type OutgoingResponse,
  pathOf,
  type RecordedRequest,
} from './messages.js';
import type { Handler } from './server.js';

/** The path of the identity service. */
export const AUTH_PATH: string = new URL(DEFAULT_SETTINGS.ITKDB_AUTH_URL).pathname;
const GZIP_FROM = 1024;

/** Responds as the identity service. */
export function identityHandler(identity: IdentityProvider, answers: Answers): Handler {
  return (request) =>
    respond(request, async () => {
      const planned = answers.take(request);
      if (planned !== undefined) return planned();
      const is = (method: string, command: string): boolean =>
        request.method === method && pathOf(request.url) === AUTH_PATH + command;
      if (is('POST', 'grantToken')) return identity.grantToken(request.input);
      if (is('GET', 'listKeys')) return identity.keySet();
      throw commandNotFound(`There are POST ${AUTH_PATH}grantToken and GET ${AUTH_PATH}listKeys.`);
    });
}

/** What the API consists of. */
export interface ApiParts {
  readonly store: Store;
  readonly identity: IdentityProvider;
  readonly answers: Answers;
  readonly eos: Eos;
  readonly latency: Latency;
  readonly bearers: readonly string[];
  readonly quirks: boolean;
  readonly bulkReferences: CommandRequest['bulkReferences'];
}

/** Responds as the API. */
export function apiHandler(parts: ApiParts): Handler {
  const { store, identity, answers, eos, latency, bearers, quirks, bulkReferences } = parts;
  return (request, gone) =>
    respond(request, async () => {
      const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
      const user = identity.userOf(token) ?? (bearers.includes(token) ? identity.users[0] : undefined);
      if (user === undefined) throw new CommandError(401, 'uu-oidc/invalidToken', 'The token is not valid.');
      const command = pathOf(request.url).slice(1);
      const { users } = identity;
      const context = { command, store, eos, users, user: personOf(user), quirks, bulkReferences };
      const { method, input } = request;
      const answer = async (): Promise<object> => {
        if (hasUnusableBody(request))
          throw refusal(command, 'dtoInIsNotAnObject', 'DtoIn is not a JSON object.');
        return runCommand(method, input, context);
      };
      const run = answers.take(request) ?? answer;
      return latency.serve(run, input, gone);
    });
}

/** Makes responses as the database does: with its cookies, its header fields, and gzip for all but the smallest bodies. */
async function respond(request: RecordedRequest, run: () => Promise<object>): Promise<OutgoingResponse> {
  const { status, body } = await run().then(
    (result) => ({ status: 200, body: result }),
    (error: unknown) => {
      if (error instanceof CommandError) return error;
      return new CommandError(500, 'uu-app-server/internalServerError', String(error));
    },
  );
  if (body instanceof FileResult) return downloadOf(request, body);
  if (Buffer.isBuffer(body)) return fileResponse(request, 'application/octet-stream', body);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    Server: 'Apache',
    'Set-Cookie': ['uu.app.bpl=0; Path=/', 'uu.app.cbu=https://uuapp.example/; Path=/'],
  };
  const usesGzip = bytes.length >= GZIP_FROM && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  if (!usesGzip) return { status, headers, body: bytes };
  return { status, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(bytes, { level: 1 }) };
}

function downloadOf(
  request: RecordedRequest,
  { bytes, contentType, filename }: FileResult,
): OutgoingResponse {
  const name = filename.replaceAll(/["\\\r\n]/g, '_').replaceAll(/[^\x20-\x7e]/g, '?');
  const encoded = name === filename ? '' : `; filename*=UTF-8''${encodeName(filename)}`;
  const disposition = `inline; filename="${name}"${encoded}`;
  return fileResponse(request, contentType, bytes, { 'Content-Disposition': disposition });
}

/** Encodes a name as in RFC 8187. Half of a surrogate pair becomes U+FFFD. */
function encodeName(filename: string): string {
  const encode = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(Buffer.from(filename).toString()).replaceAll(/['()*]/g, encode);
}
