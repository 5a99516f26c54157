import { describe, expect, it } from 'vitest';
import { toTransportException } from '../src/http/transport/errors.js';
import { ITkDBException, NotFound } from '../src/index.js';

const request = {
  method: 'get',
  url: 'https://host.example/x?authz=secret-token',
  headers: { authorization: 'Bearer opaque-bearer' },
};

const lowLevel = (code: string, message = `low-level ${code}`): Error =>
  Object.assign(new Error(message), { code });

describe('a low-level error becomes', () => {
  it.each([
    ['ECONNREFUSED', 'ConnectionRefused'],
    ['ENOTFOUND', 'HostNotFound'],
    ['EAI_AGAIN', 'HostNotFound'],
    ['ETIMEDOUT', 'Timeout'],
    ['ESOCKETTIMEDOUT', 'Timeout'],
    ['ECONNRESET', 'ConnectionReset'],
    ['ECONNABORTED', 'ConnectionReset'],
    ['EPIPE', 'ConnectionReset'],
    ['ERR_STREAM_PREMATURE_CLOSE', 'ConnectionReset'],
    ['EHOSTUNREACH', 'ConnectionFailed'],
    ['ENETUNREACH', 'ConnectionFailed'],
    ['EUNKNOWN', 'ConnectionFailed'],
    ['CERT_HAS_EXPIRED', 'TlsFailure'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TlsFailure'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TlsFailure'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TlsFailure'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'TlsFailure'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TlsFailure'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TlsFailure'],
    ['EPROTO', 'TlsFailure'],
    ['HPE_INVALID_CONSTANT', 'InvalidResponse'],
    ['HPE_HEADER_OVERFLOW', 'InvalidResponse'],
    ['Z_DATA_ERROR', 'InvalidResponse'],
    ['Z_BUF_ERROR', 'InvalidResponse'],
    ['ERR_BAD_OPTION_VALUE', 'InvalidInvocation'],
    ['ERR_BAD_REQUEST', 'InvalidInvocation'],
    ['ERR_INVALID_CHAR', 'InvalidInvocation'],
    ['ERR_UNESCAPED_CHARACTERS', 'InvalidInvocation'],
  ])('%s → %s', (code, name) => {
    const exception = toTransportException(lowLevel(code), request);
    expect(exception).toBeInstanceOf(ITkDBException);
    expect(exception.name).toBe(name);
    expect(exception.cause).toMatchObject({ message: `low-level ${code}`, code });
    expect(exception.message).toMatch(/^GET https:\/\/host\.example\/x\?authz=<TOKEN>/);
    expect(exception.message).toContain(`low-level ${code}`);
  });

  it.each(['stream has been aborted', 'aborted', 'socket hang up'])('%s → ConnectionReset', (message) => {
    expect(toTransportException(lowLevel('ERR_BAD_RESPONSE', message), request).name).toBe('ConnectionReset');
  });

  it('one exception for the several addresses of a host', () => {
    const errors = [lowLevel('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'), lowLevel('ECONNREFUSED')];
    const exception = toTransportException(
      Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' }),
      request,
    );
    expect(exception).toMatchObject({
      name: 'ConnectionRefused',
      cause: { message: 'connect ECONNREFUSED ::1:1' },
    });
  });

  it('the exception that it already is', () => {
    const exception = new NotFound({ status: 404 });
    expect(toTransportException(exception, request)).toBe(exception);
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['text', 'text'],
    [{ cause: new Error('inner') }, 'inner'],
  ])('an exception, be it %j', (error, told) => {
    expect(toTransportException(error, {}).message).toBe(`the request failed: no connection (${told})`);
  });

  it('a message without the secrets of the request', () => {
    const exception = toTransportException(lowLevel('ECONNRESET', 'sent opaque-bearer, then broke'), request);
    expect(exception.message).not.toContain('opaque-bearer');
    expect(String(exception.cause)).not.toContain('opaque-bearer');
  });
});

describe('a signal that has fired', () => {
  it.each<[unknown, string]>([
    [new Error('no time'), 'no time'],
    [new DOMException('The operation timed out', 'TimeoutError'), 'The operation timed out'],
    ['text', 'the signal was aborted'],
    [undefined, 'the signal was aborted'],
  ])('goes before every other reason: %s', (reason, told) => {
    const signal = { aborted: true, reason };
    const exception = toTransportException(lowLevel('ECONNRESET'), { ...request, method: undefined, signal });
    expect(exception).toMatchObject({ name: 'Aborted', cause: reason });
    expect(exception.message).toBe(`GET https://host.example/x?authz=<TOKEN> was aborted: ${told}`);
  });
});
