import type { Readable } from 'node:stream';
import { describe, expectTypeOf, it } from 'vitest';
import {
  type AnyITkDBException,
  type BadRequest,
  type ErrorCode,
  type InvalidIdToken,
  isITkDBException,
  type NotSignedIn,
  type Redirect,
  type RequestConfig,
  Session,
  type SessionResponse,
  type Timeout,
  User,
  UserBearer,
  type UserLike,
} from '../src/index.js';
import { startPdb } from '../src/testing/index.js';

declare const session: Session;
declare const error: unknown;

describe('an answer', () => {
  it('is unknown until the caller says what it is', () => {
    expectTypeOf(session.get('noSuchCommand')).resolves.toEqualTypeOf<SessionResponse<unknown>>();
    expectTypeOf(session.post('noSuchCommand')).resolves.toHaveProperty('data').toBeUnknown();
    expectTypeOf(session.request('GET', 'getUser')).resolves.toHaveProperty('data').toBeUnknown();
    // @ts-expect-error nothing is known of it
    session.get('noSuchCommand').then(({ data }) => data.serialNumber);
  });

  it('of `whoAmI` is the identity and the name', () => {
    expectTypeOf(session.whoAmI()).resolves.toEqualTypeOf<{ identity: string; name: string }>();
  });

  it('is what the caller says', () => {
    expectTypeOf(session.get<{ serialNumber: string }>('getComponent'))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<{ serialNumber: string }>();
  });
});

describe('`data` of a response', () => {
  it('has the type that `responseType` gives', () => {
    const arraybuffer = { responseType: 'arraybuffer' } as const;
    expectTypeOf(session.get('x', arraybuffer)).resolves.toEqualTypeOf<SessionResponse<Buffer>>();
    expectTypeOf(session.get('x', { responseType: 'arraybuffer' })).resolves.toEqualTypeOf<
      SessionResponse<Buffer>
    >();
    expectTypeOf(session.get('x', { responseType: 'stream', timeout: 0 })).resolves.toEqualTypeOf<
      SessionResponse<Readable>
    >();
    expectTypeOf(session.get('x', { responseType: 'text' })).resolves.toEqualTypeOf<
      SessionResponse<string>
    >();
    expectTypeOf(session.get('x', { responseType: 'json' })).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(session.get('x', { responseType: undefined })).resolves.toEqualTypeOf<SessionResponse>();
  });

  it('has it for each method that has a response body', () => {
    const options = { responseType: 'text' } as const;
    type Text = SessionResponse<string>;
    expectTypeOf(session.options('x', options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.delete('x', options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.post('x', {}, options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.put('x', {}, options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.patch('x', {}, options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.request('GET', 'x', options)).resolves.toEqualTypeOf<Text>();
    expectTypeOf(session.request({ url: 'x', responseType: 'text' })).resolves.toEqualTypeOf<Text>();
  });

  it('has the type that the caller names, whatever `responseType` is', () => {
    expectTypeOf(session.get<number>('x', { responseType: 'text' })).resolves.toEqualTypeOf<
      SessionResponse<number>
    >();
    expectTypeOf(session.get<Buffer>('x', { responseType: 'arraybuffer' })).resolves.toEqualTypeOf<
      SessionResponse<Buffer>
    >();
    // biome-ignore lint/suspicious/noExplicitAny: what `any` gives is what is tested
    expectTypeOf(session.post<any>('x', {})).resolves.toHaveProperty('data').toBeAny();
  });

  it('is unknown where `transformResponse` decides it, or where nothing is known of `responseType`', () => {
    expectTypeOf(
      session.get('x', { responseType: 'text', transformResponse: (text: string) => text.length }),
    ).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(
      session.get('x', { responseType: 'text', transformResponse: [(text) => text.split(',')] }),
    ).resolves.toEqualTypeOf<SessionResponse>();
    const config: RequestConfig = { responseType: 'text' };
    expectTypeOf(session.get('x', config)).resolves.toEqualTypeOf<SessionResponse>();
    const either = {} as { responseType: 'text' | 'json' };
    expectTypeOf(session.get('x', either)).resolves.toEqualTypeOf<SessionResponse>();
  });

  it('rejects a `responseType` that does not exist', () => {
    // @ts-expect-error a type of browsers
    session.get('x', { responseType: 'blob' });
    // @ts-expect-error a type of browsers
    session.post('x', {}, { responseType: 'document' });
  });
});

describe('options', () => {
  it('of a session reject what does not exist', () => {
    new Session({ timeout: 1000, retry: { tries: 2 }, expiresAfter: { days: 1 } });
    // @ts-expect-error milliseconds are in `timeout`
    new Session({ timeoutMs: 1000 });
    // @ts-expect-error the Python name
    new Session({ save_auth: '.auth' });
    // @ts-expect-error an unknown unit
    new Session({ expiresAfter: { fortnights: 1 } });
    // @ts-expect-error an unknown option of `retry`
    new Session({ retry: { attempts: 2 } });
    // @ts-expect-error a user is an option, not the options
    new Session(new User());
  });

  it('of a request reject what does not exist', () => {
    session.get('getComponent', { data: { component: 'x' }, timeout: 1000, auth: false });
    // @ts-expect-error the Python name
    session.get('getComponent', { json: { component: 'x' } });
    // @ts-expect-error the input of a command goes into `data`
    session.get('getComponent', { component: 'x' });
    // @ts-expect-error an option of axios that would go round the session
    session.get('getComponent', { baseURL: 'https://itk.example/' });
    // @ts-expect-error a URL is needed
    session.get();
  });

  it('of a user reject what does not exist', () => {
    new User({ accessCode1: 'a', accessCode2: 'b' });
    new User({ apiUrl: new URL('https://host/') });
    new UserBearer({ bearer: async () => 'token' });
    // @ts-expect-error the Python name
    new User({ access_code1: 'a' });
    // @ts-expect-error the bearer is an option
    new UserBearer('token');
  });

  it('of an embedded database and of its faults reject what does not exist', async () => {
    const pdb = await startPdb({ components: 10 });
    pdb.fault({ on: 'getComponent', status: 503 });
    // @ts-expect-error an unknown option
    startPdb({ size: 10 });
    // @ts-expect-error a fault without anything that goes wrong
    pdb.fault({ on: 'getComponent' });
  });
});

describe('a user', () => {
  it('can be as little as an object with authenticate() and bearer', () => {
    expectTypeOf({ authenticate: () => true, bearer: 'token' }).toExtend<UserLike>();
    expectTypeOf<User>().toExtend<UserLike>();
    expectTypeOf<UserBearer>().toExtend<UserLike>();
    expectTypeOf(session.user.expiresIn).toEqualTypeOf<number | undefined>();
    // @ts-expect-error without a bearer it is none
    new Session({ user: { authenticate: () => true } });
  });
});

describe('an exception', () => {
  it('narrows to its class by its code', () => {
    if (!isITkDBException(error)) return;
    expectTypeOf(error).toEqualTypeOf<AnyITkDBException>();
    if (error.code === 'ERR_BAD_REQUEST') expectTypeOf(error).toEqualTypeOf<BadRequest>();
    if (error.code === 'ERR_TIMEOUT') expectTypeOf(error).toEqualTypeOf<Timeout>();
    if (error.code === 'ERR_INVALID_ID_TOKEN') expectTypeOf(error).toEqualTypeOf<InvalidIdToken>();
    if (error.code === 'ERR_NOT_SIGNED_IN') expectTypeOf(error).toEqualTypeOf<NotSignedIn>();
    if (error.code === 'ERR_REDIRECT') expectTypeOf(error).toEqualTypeOf<Redirect>();
    // @ts-expect-error only a redirect has a path
    error.path;
    // @ts-expect-error there is no such code
    if (error.code === 'ERR_NONSENSE') return;
  });

  it('has a code out of a closed union, so that a switch can be exhaustive', () => {
    // The three that stand for families have no class of their own that is thrown.
    type Families = 'ERR_ITKDB' | 'ERR_RESPONSE' | 'ERR_TRANSPORT';
    expectTypeOf<AnyITkDBException['code']>().toEqualTypeOf<Exclude<ErrorCode, Families>>();
  });
});
